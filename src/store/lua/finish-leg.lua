-- Writes a leg that has ended, once. The A leg's ends the interaction and frees the session, if it is
-- still this interaction that holds it. Legs come in any order, also before the interaction began.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  interaction id
-- ARGV[3]  the leg's channel UUID
-- ARGV[4]  the leg as JSON
-- ARGV[5]  role, 'a' or 'b'
-- ARGV[6]  party of the A leg
-- ARGV[7]  node
-- ARGV[8]  started at, ms
-- ARGV[9]  ended at, ms
-- ARGV[10] 'a', 'b' or 'system': who ended it
-- ARGV[11] hangup cause
-- ARGV[12] joined at, ms, or ''
-- ARGV[13] seconds billed, or '' when it was not answered
-- ARGV[14] 1 when it is a B leg after which another trunk may be tried, else 0
-- ARGV[15] what they cost, in millionths
-- Answer   { 2 when something was appended to the outbox too, 1 when the leg was written, or 0 when it was
--          written before or the session is not known; then the session and the interaction, as in read-leg }

-- @include number
-- @include call
-- @include outbox
-- @include tell
local session, call = sessionKey(ARGV[1]), callKey(ARGV[2])
local function answer(code) return { code, sessionFields(ARGV[1]), redis.call('HGETALL', call) } end
if redis.call('EXISTS', session) == 0 then return answer(0) end
if redis.call('HSETNX', call, 'leg:' .. ARGV[3], ARGV[4]) == 0 then return answer(0) end
if redis.call('HSETNX', call, 'sessionId', ARGV[1]) == 1 then
  redis.call('HSET', call, 'startedAt', ARGV[8], 'node', ARGV[7], 'caller', ARGV[6], 'recording', '', 'stage', 'dialing')
  enlist(ARGV[1], ARGV[2])
end
if ARGV[12] ~= '' then connectedAt(call, tonumber(ARGV[12])) end
-- A party that was tried counts once, answered or not, however many trunks it took.
if redis.call('HSETNX', call, 'counted:' .. ARGV[5], 1) == 1 then redis.call('HINCRBY', session, 'callCount', 1) end
if ARGV[13] ~= '' then
  redis.call('HINCRBY', session, 'billedDuration', ARGV[13])
  redis.call('HINCRBY', session, 'callAmount', ARGV[15])
end
local told = false
local function tell(appended) told = appended or told end
local leg = cjson.decode(ARGV[4])
local function instant(value) return type(value) == 'number' and value or nil end
local ended = tonumber(ARGV[9])

-- What nobody was there to hear while the leg was up.
if instant(leg.ringingAt) then tell(tellRinging(ARGV[1], ARGV[2], ARGV[5], leg.party, leg.ringingAt)) end
if instant(leg.answeredAt) then tell(tellAnswered(ARGV[1], ARGV[2], ARGV[5], leg.party, leg.answeredAt)) end
if ARGV[12] ~= '' then tell(tellRecording(ARGV[1], ARGV[2], tonumber(ARGV[12]))) end

if ARGV[5] == 'b' then
  local isOver = redis.call('HGET', call, 'stage') == 'ended'
  -- A trunk's fault is the party's end only when no other trunk was tried.
  if ARGV[14] == '1' and not isOver then
    redis.call('HSET', call, 'attempt', ARGV[4])
  else
    tell(tellHangup(ARGV[1], ARGV[2], 'b', ended, ARGV[4]))
  end
  if isOver then tell(tellEnd(ARGV[1], ARGV[2], ended)) end
end

if ARGV[5] == 'a' then
  local attempt = redis.call('HGET', call, 'attempt')
  if attempt then tell(tellHangup(ARGV[1], ARGV[2], 'b', cjson.decode(attempt).endedAt, attempt)) end
  tell(tellHangup(ARGV[1], ARGV[2], 'a', ended, ARGV[4]))
  -- A node that crashed tells nothing more of its legs.
  if ARGV[11] == 'CRASH' or not isOpenB(ARGV[2]) then tell(tellEnd(ARGV[1], ARGV[2], ended)) end
  redis.call('HSET', call, 'stage', 'ended', 'endedAt', ARGV[9], 'endedBy', ARGV[10], 'cause', ARGV[11])
  redis.call('ZREM', runningKey, ARGV[2])
  if redis.call('HGET', session, 'claim') == ARGV[2] then redis.call('HDEL', session, 'claim', 'claimUntil') end
  if tonumber(ARGV[9]) > (tonumber(redis.call('HGET', session, 'lastInteractionAt')) or -math.huge) then
    redis.call('HSET', session, 'lastInteractionAt', ARGV[9])
  end
end
return answer(told and 2 or 1)
