-- Enters an interaction that began while this store was away, from what its legs' channels carried.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  interaction id
-- ARGV[3]  started at, ms
-- ARGV[4]  node
-- ARGV[5]  party of the A leg
-- ARGV[6]  recording file name, or ''
-- ARGV[7]  sealed: whose phones it joins
-- ARGV[8]  'pin-authorized' or '': what the begin itself tells of the A leg
-- ARGV[9]  now, ms
-- ARGV[10] its claim would lapse at, ms
-- Answer   2 when something was appended to the outbox too, 1 when it was entered, or 0 when it is known or the
--          session is not

-- @include number
-- @include call
-- @include outbox
local session, call = sessionKey(ARGV[1]), callKey(ARGV[2])
if redis.call('EXISTS', session) == 0 then return 0 end
-- A begin has whose phones it joins, and this is that begin; a leg that ended before it has not.
if redis.call('HSETNX', call, 'people', ARGV[7]) == 0 then return 0 end
redis.call('HSET', call, 'recording', ARGV[6])
if redis.call('HSETNX', call, 'sessionId', ARGV[1]) == 1 then
  redis.call('HSET', call, 'startedAt', ARGV[3], 'node', ARGV[4], 'caller', ARGV[5], 'stage', 'dialing')
  enlist(ARGV[1], ARGV[2])
end
-- It may be up still, and holds the session then unless another call has got it meanwhile.
local now = tonumber(ARGV[9])
local held = redis.call('HMGET', session, 'claim', 'claimUntil')
if now < tonumber(ARGV[10]) and redis.call('HGET', call, 'stage') ~= 'ended'
  and not (held[1] and now < tonumber(held[2])) then
  redis.call('HSET', session, 'claim', ARGV[2], 'claimUntil', ARGV[10])
end
return ARGV[8] ~= '' and emit(ARGV[1], tonumber(ARGV[3]), ARGV[8], '', ARGV[2]) and 2 or 1
