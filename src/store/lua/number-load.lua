-- What is on a number now, for people who look.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  sessions in their cool-off that are counted at most
-- Answer   { live sessions, calls that run, sessions whose parties keep the number though they are over, { length, live
--          PINs, … }, 1 when a single-party session or its cool-off has the unknown callers or 0 }

-- @include number
local now, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local after = '(' .. ms(now)
local cooling = 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', coolingKey, after, '+inf', 'LIMIT', 0, most)) do
  local expires = tonumber(redis.call('ZSCORE', sessionsKey, id) or '-inf')
  if expires <= now then cooling = cooling + 1 end
end
local open = routeAt(openKey)
local pins = {}
for length = 4, 15 do
  local live = redis.call('ZCOUNT', pinsKey(length), after, '+inf')
  if live > 0 then
    table.insert(pins, length)
    table.insert(pins, live)
  end
end
return {
  redis.call('ZCOUNT', sessionsKey, after, '+inf'),
  redis.call('ZCOUNT', runningKey, after, '+inf'),
  cooling,
  pins,
  open and now < open.held and 1 or 0,
}
