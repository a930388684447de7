-- Looks whether the guard of a number's PINs is over.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  risk that callers who never got in may spend in 24 hours
-- Answer   { lengths of PINs that are guarded no more, first told here; when the next one may end, ms, 0 for none }

-- @include number
-- @include hours
-- @include guard
local now, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local ended, nextEnd = {}, 0
for _, text in ipairs(redis.call('HKEYS', guardKey)) do
  local length = tonumber(text)
  local full, lasts = standing(length, now, most)
  if not full then
    redis.call('HDEL', guardKey, text)
    table.insert(ended, length)
  else
    -- What lasts as long as its PINs live is looked at by the hour.
    local look = lasts < 0 and now + HOUR or lasts
    nextEnd = nextEnd == 0 and look or math.min(nextEnd, look)
  end
end
return { ended, ms(nextEnd) }
