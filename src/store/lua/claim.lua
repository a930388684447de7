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
-- ARGV[7]  'gate' when it asks for PINs, 'announcer' when it has an announcement for unknown callers, or ''
-- ARGV[8]  JSON { first, second, firstPin, secondPin: tokens, newest first; lengths: [of first PIN, of second],
--          hooks: what its receivers are told of, see include/outbox.lua }
-- Answer   'claimed' (also when this session was claimed before), 'number-gone', 'party-taken' or 'pin-taken'

-- @include number
local id, now, expires, held = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tokens = cjson.decode(ARGV[8])

local record = redis.call('GET', base)
if not record or not cjson.decode(record).enabled then return 'number-gone' end
if redis.call('EXISTS', sessionKey(id)) == 1 then return 'claimed' end

local function isTaken(keyOf, list)
  for _, token in ipairs(list) do
    local route = routeAt(keyOf(token))
    if route and now < route.held then return true end
  end
  return false
end
if isTaken(partyKey, tokens.first) or isTaken(partyKey, tokens.second) then return 'party-taken' end
if isTaken(pinKey, tokens.firstPin) or isTaken(pinKey, tokens.secondPin) then return 'pin-taken' end

local function write(keyOf, list, party, untilWhen)
  for index, token in ipairs(list) do
    if index == 1 then
      local value = table.concat({ id, party, ms(expires), ms(untilWhen) }, '|')
      redis.call('SET', keyOf(token), value, 'PX', ms(untilWhen - now + SLACK))
    else
      redis.call('DEL', keyOf(token))
    end
  end
end
write(partyKey, tokens.first, 'first', held)
write(partyKey, tokens.second, 'second', held)
write(pinKey, tokens.firstPin, 'first', expires)
write(pinKey, tokens.secondPin, 'second', expires)

redis.call('HSET', sessionKey(id), 'doc', ARGV[6], 'expiresAt', ms(expires), 'callCount', 0, 'billedDuration', 0,
  'hooks', tokens.hooks)
redis.call('PEXPIRE', sessionKey(id), ms(expires - now + tonumber(ARGV[5])))

-- A bounded part of the expired leaves the indexes with each session that comes, so they cannot grow.
local indexTtl = expires - now + SLACK
for _, old in ipairs(redis.call('ZRANGEBYSCORE', sessionsKey, '-inf', ms(now - SLACK), 'LIMIT', 0, 50)) do
  redis.call('ZREM', sessionsKey, old)
  redis.call('ZREM', gatesKey, old)
  redis.call('ZREM', announcersKey, old)
end
redis.call('ZADD', sessionsKey, ms(expires), id)
keep(sessionsKey, indexTtl)
if ARGV[7] == 'gate' then
  redis.call('ZADD', gatesKey, ms(now), id)
  keep(gatesKey, indexTtl)
elseif ARGV[7] == 'announcer' then
  redis.call('ZADD', announcersKey, ms(now), id)
  keep(announcersKey, indexTtl)
end
for index, length in ipairs(tokens.lengths) do
  local key = pinsKey(length)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', ms(now - SLACK))
  redis.call('ZADD', key, ms(expires), id .. (index == 1 and ':first' or ':second'))
  keep(key, indexTtl)
end
return 'claimed'
