-- Puts a session on a number, or one after the other several, unless that breaks the rule: at any moment, on one virtual
-- number, one caller leads to one session, and one PIN to one session and party. Nothing else guards it.
-- What has expired by the clock is overwritten.
--
-- KEYS[1]  the number's record
-- ARGV     for each session nine:
--          session id
--          now, ms
--          the session expires at, ms
--          its parties keep the number (cool-off) until, ms
--          ms that the session stays readable once expired
--          sealed document
--          what unknown callers are to it: 'gate' (asked for a PIN), 'announcer' (hear its announcement),
--          'open:<missing party>' (connected), or ''
--          JSON { first, second, firstPin, secondPin: tokens, newest first, [] for none;
--          lengths: [of first PIN, of second]; hooks: what its receivers are told of, see include/outbox.lua }
--          by this Redis' own clock, ms: later than this, nobody awaits the answer any more
-- Answer   for each, with a blank between them: 'claimed' (also when this session was claimed before), 'number-gone',
--          'party-taken', 'pin-taken', 'strangers-taken' (unknown callers of the number are promised to another
--          session), or 'too-late' (by the clock, or it was given up: see conclude-claim)

-- @include number
-- @include routes
local record = redis.call('GET', base)
local isOurs = record and cjson.decode(record).enabled
local time = redis.call('TIME')
local clock = time[1] * 1000 + time[2] / 1000

local function claim(id, now, expires, held, retention, document, strangers, tokens, until_)
  if not isOurs then return 'number-gone' end
  local isKnown = redis.call('EXISTS', sessionKey(id), givenUpKey(id)) > 0
  if isKnown and redis.call('EXISTS', sessionKey(id)) == 1 then return 'claimed' end
  if isKnown or clock > until_ then return 'too-late' end

  if isTaken(partyKey, tokens.first, id, now) or isTaken(partyKey, tokens.second, id, now) then return 'party-taken' end
  if isTaken(pinKey, tokens.firstPin, id, now) or isTaken(pinKey, tokens.secondPin, id, now) then return 'pin-taken' end
  local missing = string.match(strangers, '^open:(.*)$')
  if missing then
    if redis.call('ZCOUNT', strangersKey, '(' .. ms(now), '+inf') > 0 then return 'strangers-taken' end
  elseif strangers ~= '' then
    local open = routeAt(openKey)
    if open and now < open.held then return 'strangers-taken' end
  end

  redis.call('HSET', sessionKey(id), 'doc', document, 'expiresAt', ms(expires), 'callCount', 0, 'billedDuration', 0,
    'hooks', tokens.hooks)
  redis.call('PEXPIRE', sessionKey(id), ms(expires - now + retention))
  writeSession(id, tokens, expires, held, now, true)
  local indexTtl = expires - now + SLACK
  if strangers == 'gate' then
    redis.call('ZADD', gatesKey, ms(now), id)
    keepIndex(gatesKey, indexTtl)
  elseif strangers == 'announcer' then
    redis.call('ZADD', announcersKey, ms(now), id)
    keepIndex(announcersKey, indexTtl)
  elseif missing then
    writeAt(openKey, id, missing, expires, held, now)
  end
  if strangers ~= '' then
    local needed = missing and held or expires
    redis.call('ZREMRANGEBYSCORE', strangersKey, '-inf', ms(now - SLACK))
    redis.call('ZADD', strangersKey, ms(needed), id)
    keepIndex(strangersKey, needed - now + SLACK)
  end
  return 'claimed'
end

local answers, come, latest = {}, 0, 0
for index = 1, #ARGV, 9 do
  local now = tonumber(ARGV[index + 1])
  local answer = claim(ARGV[index], now, tonumber(ARGV[index + 2]), tonumber(ARGV[index + 3]), tonumber(ARGV[index + 4]),
    ARGV[index + 5], ARGV[index + 6], cjson.decode(ARGV[index + 7]), tonumber(ARGV[index + 8]))
  answers[#answers + 1] = answer
  if answer == 'claimed' then come, latest = come + 1, math.max(latest, now) end
end

-- A bounded part of the expired leaves the indexes with the sessions that come, so they cannot grow.
if come > 0 then
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', sessionsKey, '-inf', ms(latest - SLACK), 'LIMIT', 0, 50 * come)) do
    redis.call('ZREM', sessionsKey, old)
    redis.call('ZREM', gatesKey, old)
    redis.call('ZREM', announcersKey, old)
  end
end
return table.concat(answers, ' ')
