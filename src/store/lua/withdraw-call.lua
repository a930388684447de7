-- Takes back an interaction that began and is not to be: a limit is reached of which the number does not know.
-- Nothing of it was told to anybody.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  interaction id
-- Answer   1, or 0 when the interaction does not hold the session

-- @include number
local session = sessionKey(ARGV[1])
if redis.call('HGET', session, 'claim') ~= ARGV[2] then return 0 end
redis.call('HDEL', session, 'claim', 'claimUntil')
redis.call('LREM', callsKey(ARGV[1]), 1, ARGV[2])
redis.call('ZREM', runningKey, ARGV[2])
redis.call('DEL', callKey(ARGV[2]))
return 1
