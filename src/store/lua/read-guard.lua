-- How a number's PINs are guarded.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  risk that callers who never got in may spend in 24 hours
-- Answer   for each length that lives: { length, live PINs, wrong PINs that strangers have left, guarded until ms,
--          0 for not guarded, -1 for as long as so many PINs live }

-- @include number
-- @include hours
-- @include guard
local now, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = {}
for length = 4, 15 do
  local live, risk = livePins(length, now), riskOf(length, now)
  if live > 0 then
    local _, lasts = standing(length, now, most)
    local left = math.max(0, math.floor((most - spentIn(spentKey(length), now)) / risk))
    table.insert(found, { length, live, ms(left), ms(lasts) })
  end
end
return found
