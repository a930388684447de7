-- What would be made of a PIN now. Counts nothing, remembers nothing, tells nothing.
--
-- KEYS[1]  the number's record
-- ARGV[1..5] as in check-pin
-- Answer   { 'refused', 'wrong', 'matched' or 'asked', party or false, session or false }: of 'asked' also whose PIN it
--          is, which only a rehearsal may know before the caller has keyed digits of their own number

-- @include number
-- @include hours
-- @include guard
-- @include weigh-pin
local weighed = weighPin(tonumber(ARGV[1]), cjson.decode(ARGV[2]), cjson.decode(ARGV[3]), tonumber(ARGV[4]),
  cjson.decode(ARGV[5]), false)
local result = weighed.result == 'missing' and 'wrong' or weighed.result
return { result, weighed.route and weighed.route.party or false, weighed.session or false }
