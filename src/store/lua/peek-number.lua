-- What advises against a number for a session that has to do with its unknown callers. Only claim decides.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  JSON list of PIN lengths
-- ARGV[3]  JSON list of tokens of the PINs that the client chose
-- ARGV[4]  what unknown callers are to the session, as in claim
-- Answer   { live PINs of those lengths, 1 when a token is live or 0, 1 when the unknown callers are promised
--          to a session that cannot share them or 0 }

-- @include number
-- @include routes
local now = tonumber(ARGV[1])
local live = 0
for _, length in ipairs(cjson.decode(ARGV[2])) do
  live = live + redis.call('ZCOUNT', pinsKey(length), '(' .. ms(now), '+inf')
end
local promised
if string.sub(ARGV[4], 1, 5) == 'open:' then
  promised = redis.call('ZCOUNT', strangersKey, '(' .. ms(now), '+inf') > 0
else
  local open = routeAt(openKey)
  promised = open and now < open.held
end
return { live, liveRoute(pinKey, cjson.decode(ARGV[3]), now) and 1 or 0, promised and 1 or 0 }
