-- Adds to the risk that wrong PINs have spent on all numbers.
--
-- KEYS[1]  the risk by the hour
-- ARGV[1]  now, ms
-- ARGV[2]  what comes to it; 0 only reads
-- ARGV[3]  the most that may be spent
-- Answer   { 1 when it is spent or 0, until when if nothing comes to it, ms }

-- @include hours
local now, most = tonumber(ARGV[1]), tonumber(ARGV[3])
if ARGV[2] ~= '0' then spend(KEYS[1], now, tonumber(ARGV[2])) end
local full = spentIn(KEYS[1], now) >= most
return { full and 1 or 0, string.format('%.0f', spentUntil(KEYS[1], now, most - 1)) }
