-- Notes what was heard of the legs of an interaction that are up. A stage never goes backwards, and never is one for
-- an interaction that did not begin.
--
-- KEYS[1]  the number's record
-- ARGV[1]  interaction id
-- ARGV[2…] for each thing that was heard: 'ringing', 'answered' or 'joined'; role of the leg, 'a' or 'b'; party of the
--          leg; since, ms; the stage that the interaction has come to by this, or ''
-- Answer   1 when something was appended to the outbox, else 0

-- @include number
-- @include call
-- @include outbox
-- @include tell
local id, call = ARGV[1], callKey(ARGV[1])
local known = redis.call('HMGET', call, 'stage', 'sessionId')
local current, session = known[1], known[2]
if not current then return 0 end
local told = false
for index = 2, #ARGV, 5 do
  local fact, role, party, at = ARGV[index], ARGV[index + 1], ARGV[index + 2], tonumber(ARGV[index + 3])
  local stage = ARGV[index + 4]
  if fact == 'ringing' then told = tellRinging(session, id, role, party, at) or told end
  if fact == 'answered' then told = tellAnswered(session, id, role, party, at) or told end
  if fact == 'joined' then
    -- Events may come late: the instant counts even when a later stage is known.
    connectedAt(call, at)
    told = tellRecording(session, id, at) or told
  end
  if stage ~= '' and RANK[stage] > RANK[current] then
    redis.call('HSET', call, 'stage', stage)
    current = stage
  end
end
return told and 1 or 0
