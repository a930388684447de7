-- Claims a session for one interaction.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  interaction id
-- ARGV[3]  now, ms
-- ARGV[4]  the claim lapses at, ms
-- ARGV[5]  started at, ms
-- ARGV[6]  node
-- ARGV[7]  party of the A leg
-- ARGV[8]  recording file name, or ''
-- ARGV[9]  sealed: whose phones it joins
-- ARGV[10] 'pin-authorized', 'answer' or '': what the begin itself tells of the A leg
-- ARGV[11] '1' when A takes the place of the session's missing party, or ''
-- ARGV[12] calls at a time on the number; here and below 0 for no limit
-- ARGV[13] calls a second of the session
-- ARGV[14] calls a second on the number
-- Answer   'begun' (also when this interaction holds the claim), 'busy', 'gone' (session or interaction ended), or
--          the name of the limit that is reached

-- @include number
-- @include call
-- @include outbox
-- @include tell
-- @include rate
-- @include claim
local session, call, now = sessionKey(ARGV[1]), callKey(ARGV[2]), tonumber(ARGV[3])
local most, ofSession, ofNumber = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local holds, refusal = claimOf(ARGV[1], ARGV[2], now, most, ofSession, ofNumber)
if refusal then return refusal end
if not holds then
  spend(rateKey(ARGV[1]), ofSession)
  spend(rateKey('number'), ofNumber)
end
redis.call('ZREMRANGEBYSCORE', runningKey, '-inf', ms(now - SLACK))
redis.call('ZADD', runningKey, ARGV[4], ARGV[2])
keep(runningKey, tonumber(ARGV[4]) - now + SLACK)

redis.call('HSET', session, 'claim', ARGV[2], 'claimUntil', ARGV[4])
local isNew = redis.call('HSETNX', call, 'sessionId', ARGV[1]) == 1
-- It began when it first did: a repeated question prolongs the claim and moves nothing else.
redis.call('HSETNX', call, 'startedAt', ARGV[5])
redis.call('HSET', call, 'node', ARGV[6], 'caller', ARGV[7], 'recording', ARGV[8], 'people', ARGV[9])
redis.call('HSETNX', call, 'stage', 'dialing')
if ARGV[11] == '1' then redis.call('HSET', session, 'peer', ARGV[9]) end
if isNew then
  enlist(ARGV[1], ARGV[2])
  local at = tonumber(ARGV[5])
  if ARGV[10] == 'pin-authorized' then emit(ARGV[1], at, ARGV[10], '', ARGV[2]) end
  if ARGV[10] == 'answer' then tellAnswered(ARGV[1], ARGV[2], 'a', ARGV[7], at) end
end
return 'begun'
