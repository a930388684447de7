-- Whether one more call would be counted in now. Takes nothing; counts out what lapsed.
--
-- KEYS[1]  the limits
-- ARGV[1]  now, ms
-- ARGV[2]  node
-- ARGV[3]  subaccount, or ''
-- ARGV[4]  UTC day of now
-- ARGV[5..12] the limits, see include/admission.lua
-- Answer   { name of the limit that is reached }, or { false, seconds that are left of the day's, or '' }

-- @include admissions
-- @include rate
-- @include admission
local limits = {}
for index = 5, 12 do limits[index - 4] = tonumber(ARGV[index]) end
local now = tonumber(ARGV[1])
dropLapsed(now)
local ofSubaccount, inAll = leftOfDay(now, ARGV[3], ARGV[4], limits)
local limit = limitReached(ARGV[2], ARGV[3], limits, ofSubaccount, inAll)
if limit then return { limit } end
local least = math.min(ofSubaccount, inAll)
return { false, least == math.huge and '' or ms(least) }
