-- A session without its interactions.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- Answer   { session as in route or false, revision }

-- @include number
return { sessionFields(ARGV[1]), tonumber(redis.call('HGET', sessionKey(ARGV[1]), 'revision') or '0') }
