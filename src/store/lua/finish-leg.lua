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
-- Answer   1, or 0 when the leg was written before or the session is not known

-- @include number
-- @include call
local session, call = sessionKey(ARGV[1]), callKey(ARGV[2])
if redis.call('EXISTS', session) == 0 then return 0 end
if redis.call('HSETNX', call, 'leg:' .. ARGV[3], ARGV[4]) == 0 then return 0 end
if redis.call('HSETNX', call, 'sessionId', ARGV[1]) == 1 then
  redis.call('HSET', call, 'startedAt', ARGV[8], 'node', ARGV[7], 'caller', ARGV[6], 'recording', '', 'stage', 'dialing')
  enlist(ARGV[1], ARGV[2])
end
if ARGV[12] ~= '' then connectedAt(call, tonumber(ARGV[12])) end
-- A party that was tried counts once, answered or not, however many trunks it took.
if redis.call('HSETNX', call, 'counted:' .. ARGV[5], 1) == 1 then redis.call('HINCRBY', session, 'callCount', 1) end
if ARGV[13] ~= '' then redis.call('HINCRBY', session, 'billedDuration', ARGV[13]) end
if ARGV[5] == 'a' then
  redis.call('HSET', call, 'stage', 'ended', 'endedAt', ARGV[9], 'endedBy', ARGV[10], 'cause', ARGV[11])
  if redis.call('HGET', session, 'claim') == ARGV[2] then redis.call('HDEL', session, 'claim', 'claimUntil') end
  if tonumber(ARGV[9]) > (tonumber(redis.call('HGET', session, 'lastInteractionAt')) or -math.huge) then
    redis.call('HSET', session, 'lastInteractionAt', ARGV[9])
  end
end
return 1
