-- What advises against a number for a PIN session. Only claim decides.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  JSON list of PIN lengths
-- ARGV[3]  JSON list of tokens of the PINs that the client chose
-- Answer   { live PINs of those lengths, 1 when a token is live or 0 }

-- @include number
local now = tonumber(ARGV[1])
local live = 0
for _, length in ipairs(cjson.decode(ARGV[2])) do
  live = live + redis.call('ZCOUNT', pinsKey(length), '(' .. ms(now), '+inf')
end
return { live, liveRoute(pinKey, cjson.decode(ARGV[3]), now) and 1 or 0 }
