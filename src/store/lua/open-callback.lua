-- Notes a callback, once: that it is to be delivered, or that it cannot be.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  sequence number
-- ARGV[3]  sealed record
-- ARGV[4]  'queued', or 'failed' when it cannot be delivered
-- ARGV[5]  sealed attempt that says why it cannot, or ''
-- ARGV[6]  outbox entry to make it from later, or ''
-- ARGV[7]  callbacks of the session that may be queued
-- ARGV[8]  settled callbacks that are kept
-- ARGV[9]  attempts that are kept
-- Answer   its state (the one of ARGV[4] when it is new), 'gone' when the session is not known any more, or
--          'full' when it would be one too many to be queued; nothing was noted then

-- @include number
-- @include callbacks
local id, sequence, state = ARGV[1], ARGV[2], ARGV[4]
local log = callbacksKey(id)
local left = redis.call('PTTL', sessionKey(id))
if left == -2 then return 'gone' end
local known = redis.call('HGET', log, stateField(sequence))
-- One that could not be made is made anew.
local isAside = redis.call('HEXISTS', log, entryField(sequence)) == 1
if known and not isAside then return known end
if state == 'queued' and known ~= 'queued' and
   tonumber(redis.call('HGET', log, QUEUED) or '0') >= tonumber(ARGV[7]) then
  return 'full'
end
redis.call('HSET', log, sequence, ARGV[3])
redis.call('HDEL', log, entryField(sequence))
if ARGV[6] ~= '' then redis.call('HSET', log, entryField(sequence), ARGV[6]) end
if ARGV[5] ~= '' then addAttempt(id, sequence, ARGV[5], tonumber(ARGV[9])) end
-- The log goes with its session.
if left > 0 then redis.call('PEXPIRE', log, left) end
setState(id, sequence, state, tonumber(ARGV[8]))
return state
