-- Puts a session on a number, unless that breaks the rule: at any moment, on one virtual number, one
-- caller leads to one session, and one PIN to one session and party. Nothing else guards it.
-- What has expired by the clock is overwritten.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  now, ms
-- ARGV[3]  the session expires at, ms
-- ARGV[4]  its parties keep the number (cool-off) until, ms
-- ARGV[5]  ms that the session stays readable once expired
-- ARGV[6]  sealed document
-- ARGV[7]  what unknown callers are to it: 'gate' (asked for a PIN), 'announcer' (hear its announcement),
--          'open:<missing party>' (connected), or ''
-- ARGV[8]  JSON { first, second, firstPin, secondPin: tokens, newest first, [] for none;
--          lengths: [of first PIN, of second]; hooks: what its receivers are told of, see include/outbox.lua }
-- ARGV[9]  by this Redis' own clock, ms: later than this, nobody awaits the answer any more
-- Answer   'claimed' (also when this session was claimed before), 'number-gone', 'party-taken', 'pin-taken',
--          'strangers-taken' (unknown callers of the number are promised to another session), or 'too-late'
--          (by the clock, or it was given up: see conclude-claim)

-- @include number
-- @include routes
local id, now, expires, held = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tokens = cjson.decode(ARGV[8])
local missing = string.match(ARGV[7], '^open:(.*)$')

local record = redis.call('GET', base)
if not record or not cjson.decode(record).enabled then return 'number-gone' end
local isKnown = redis.call('EXISTS', sessionKey(id), givenUpKey(id)) > 0
if isKnown and redis.call('EXISTS', sessionKey(id)) == 1 then return 'claimed' end
local clock = redis.call('TIME')
if isKnown or clock[1] * 1000 + clock[2] / 1000 > tonumber(ARGV[9]) then return 'too-late' end

if isTaken(partyKey, tokens.first, id, now) or isTaken(partyKey, tokens.second, id, now) then return 'party-taken' end
if isTaken(pinKey, tokens.firstPin, id, now) or isTaken(pinKey, tokens.secondPin, id, now) then return 'pin-taken' end
if missing then
  if redis.call('ZCOUNT', strangersKey, '(' .. ms(now), '+inf') > 0 then return 'strangers-taken' end
elseif ARGV[7] ~= '' then
  local open = routeAt(openKey)
  if open and now < open.held then return 'strangers-taken' end
end

redis.call('HSET', sessionKey(id), 'doc', ARGV[6], 'expiresAt', ms(expires), 'callCount', 0, 'billedDuration', 0,
  'hooks', tokens.hooks)
redis.call('PEXPIRE', sessionKey(id), ms(expires - now + tonumber(ARGV[5])))

-- A bounded part of the expired leaves the indexes with each session that comes, so they cannot grow.
for _, old in ipairs(redis.call('ZRANGEBYSCORE', sessionsKey, '-inf', ms(now - SLACK), 'LIMIT', 0, 50)) do
  redis.call('ZREM', sessionsKey, old)
  redis.call('ZREM', gatesKey, old)
  redis.call('ZREM', announcersKey, old)
end
writeSession(id, tokens, expires, held, now)
local indexTtl = expires - now + SLACK
if ARGV[7] == 'gate' then
  redis.call('ZADD', gatesKey, ms(now), id)
  keepIndex(gatesKey, indexTtl)
elseif ARGV[7] == 'announcer' then
  redis.call('ZADD', announcersKey, ms(now), id)
  keepIndex(announcersKey, indexTtl)
elseif missing then
  writeAt(openKey, id, missing, expires, held, now)
end
if ARGV[7] ~= '' then
  local needed = missing and held or expires
  redis.call('ZREMRANGEBYSCORE', strangersKey, '-inf', ms(now - SLACK))
  redis.call('ZADD', strangersKey, ms(needed), id)
  keepIndex(strangersKey, needed - now + SLACK)
end
return 'claimed'
