-- What would be made of a PIN now. Counts nothing, remembers nothing, tells nothing.
--
-- KEYS[1]  the number's record
-- ARGV[1..5] as in check-pin
-- Answer   { 'refused', 'wrong', 'matched' or 'asked', party or false, session or false, 1 or 0 }: of 'asked' also whose
--          PIN it is, which only a rehearsal may know before the caller has keyed digits of their own number, and 1
--          when such an answer would be taken

-- @include number
-- @include hours
-- @include guard
-- @include weigh-pin
local now, limits = tonumber(ARGV[1]), cjson.decode(ARGV[5])
local weighed = weighPin(now, cjson.decode(ARGV[2]), cjson.decode(ARGV[3]), tonumber(ARGV[4]), limits, false)
local result, route = weighed.result == 'missing' and 'wrong' or weighed.result, weighed.route
local isTaken = route and mayAnswer(route.session, route.party, weighed.known, limits.risk, now)
return { result, route and route.party or false, weighed.session or false, isTaken and 1 or 0 }
