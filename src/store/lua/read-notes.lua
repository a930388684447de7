-- What was noted about a session.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- Answer   JSON list of { key, text, first, last (ms), count }, or false for none

-- @include number
return redis.call('HGET', sessionKey(ARGV[1]), 'notes')
