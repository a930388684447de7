-- Enters what became of the recording of an interaction, once, and tells of it.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  interaction id, also the recording's
-- ARGV[3]  sealed document; '' when there was nothing to record
-- ARGV[4]  now, ms
-- ARGV[5]  what is told of it, JSON (RecordingEventData)
-- Answer   2 when something was appended to the outbox too, 1 when it was entered, 0 when it was before, and
--          -1 when the interaction is not known any more

-- @include number
-- @include call
-- @include outbox
local call = callKey(ARGV[2])
if redis.call('EXISTS', call) == 0 then return -1 end
if redis.call('HSETNX', call, 'recorded', 1) == 0 then return 0 end
if ARGV[3] == '' then return 1 end
redis.call('SET', recordingKey(ARGV[2]), ARGV[3])
if emit(ARGV[1], tonumber(ARGV[4]), 'recording-ended', ARGV[5], ARGV[2]) then return 2 end
return 1
