-- Has a callback sent once more: it is queued again, and the outbox tells the relay so. The two are one
-- write, so that no death in between leaves the one without the other.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  sequence number
-- ARGV[3]  now, ms
-- ARGV[4]  settled callbacks that are kept
-- Answer   1, 0 when the callback is not known, or -1 when the outbox is full

-- @include number
-- @include outbox
-- @include callbacks
local id, sequence = ARGV[1], ARGV[2]
local log = callbacksKey(id)
if redis.call('HEXISTS', log, sequence) == 0 then return 0 end
if isOutboxFull() then return -1 end
setState(id, sequence, 'queued', tonumber(ARGV[4]))
-- One that could not be made is told once more as if for the first time.
local entry = redis.call('HGET', log, entryField(sequence))
if entry then
  redis.call('RPUSH', outboxKey, entry)
else
  local round = redis.call('HINCRBY', log, roundField(sequence), 1)
  append(id, tonumber(sequence), tonumber(ARGV[3]), 'resend', cjson.encode({ round = round }), '')
end
return 1
