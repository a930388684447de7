-- An interaction with its session, for the log of calls.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  interaction id
-- Answer   { session as in route or false, { fields and values of the interaction } }

-- @include number
return { sessionFields(ARGV[1]), redis.call('HGETALL', callKey(ARGV[2])) }
