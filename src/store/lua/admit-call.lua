-- Counts a call in, unless a limit of the installation, of its node or of its subaccount is reached.
--
-- KEYS[1]  the limits
-- ARGV[1]  interaction id
-- ARGV[2]  now, ms
-- ARGV[3]  the claim lapses at, ms
-- ARGV[4]  node
-- ARGV[5]  subaccount, or ''
-- ARGV[6]  UTC day of now
-- ARGV[7..14] the limits, see include/admission.lua
-- Answer   { name of the limit that is reached }, or { false, seconds that are left of the day's, or '' }

-- @include admissions
-- @include rate
-- @include admission
local id, now, node, subaccount = ARGV[1], tonumber(ARGV[2]), ARGV[4], ARGV[5]
local limits = {}
for index = 7, 14 do limits[index - 6] = tonumber(ARGV[index]) end
dropLapsed(now)
local ofSubaccount, inAll = leftOfDay(now, subaccount, ARGV[6], limits)
-- A call that was admitted goes on: a repeated question prolongs its entry and changes nothing else.
if redis.call('HEXISTS', callsKey, id) == 0 then
  local limit = limitReached(node, subaccount, limits, ofSubaccount, inAll)
  if limit then return { limit } end
  local rateOfSubaccount, rateOfNode, rateOfAll = rateKeysOf(node, subaccount)
  if subaccount ~= '' then spend(rateOfSubaccount, limits[4]) end
  spend(rateOfNode, limits[5])
  spend(rateOfAll, limits[6])
  local entry = table.concat({ ms(math.floor(now / 1000)), subaccount, node }, '|')
  redis.call('HSET', callsKey, id, entry)
  count(entry, 1)
end
redis.call('ZADD', untilKey, ARGV[3], id)
local least = math.min(ofSubaccount, inAll)
return { false, least == math.huge and '' or ms(least) }
