-- Notes that a callback is to be delivered, once.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  sequence number
-- ARGV[3]  sealed record
-- ARGV[4]  callbacks that a session's log keeps; the oldest give way
-- Answer   its state ('queued' when it is new), or 'gone' when the session is not known any more

-- @include number
-- @include callbacks
local log = callbacksKey(ARGV[1])
local left = redis.call('PTTL', sessionKey(ARGV[1]))
if left == -2 then return 'gone' end
if redis.call('HSETNX', log, ARGV[2], ARGV[3]) == 0 then
  return redis.call('HGET', log, stateField(ARGV[2])) or 'queued'
end
redis.call('HSET', log, stateField(ARGV[2]), 'queued')
local old = string.format('%d', tonumber(ARGV[2]) - tonumber(ARGV[4]))
redis.call('HDEL', log, old, stateField(old), triesField(old))
-- The log goes with its session.
if left > 0 then redis.call('PEXPIRE', log, left) end
return 'queued'
