-- Notes what was heard of a leg that is up. A stage never goes backwards, and never is one for an
-- interaction that did not begin.
--
-- KEYS[1]  the number's record
-- ARGV[1]  interaction id
-- ARGV[2]  'ringing', 'answered' or 'joined'
-- ARGV[3]  role of the leg, 'a' or 'b'
-- ARGV[4]  party of the leg
-- ARGV[5]  since, ms
-- ARGV[6]  the stage that the interaction has come to by this, or ''
-- Answer   1 when something was appended to the outbox, else 0

-- @include number
-- @include call
-- @include outbox
-- @include tell
local id, at, call = ARGV[1], tonumber(ARGV[5]), callKey(ARGV[1])
local known = redis.call('HMGET', call, 'stage', 'sessionId')
local current, session = known[1], known[2]
if not current then return 0 end
local told = false
if ARGV[2] == 'ringing' then told = tellRinging(session, id, ARGV[3], ARGV[4], at) end
if ARGV[2] == 'answered' then told = tellAnswered(session, id, ARGV[3], ARGV[4], at) end
if ARGV[2] == 'joined' then
  -- Events may come late: the instant counts even when a later stage is known.
  connectedAt(call, at)
  told = tellRecording(session, id, at)
end
if ARGV[6] ~= '' and RANK[ARGV[6]] > RANK[current] then redis.call('HSET', call, 'stage', ARGV[6]) end
return told and 1 or 0
