-- Amounts by the hour in which they came: a hash of hour to amount. Summed up are the current hour and the 24
-- before it, so that at least 24 hours are covered, whenever one looks.
local HOUR = 3600000
local HOURS = 24

local function hourOf(at) return math.floor(at / HOUR) end

-- Hours that still count with their amounts, oldest first.
local function amountsIn(key, now)
  local flat, found = redis.call('HGETALL', key), {}
  for index = 1, #flat, 2 do
    local hour = tonumber(flat[index])
    if hour >= hourOf(now) - HOURS then table.insert(found, { hour = hour, amount = tonumber(flat[index + 1]) }) end
  end
  table.sort(found, function(one, other) return one.hour < other.hour end)
  return found
end

local function spentIn(key, now)
  local sum = 0
  for _, each in ipairs(amountsIn(key, now)) do sum = sum + each.amount end
  return sum
end

-- When the sum will have fallen to `most` if nothing comes to it, ms; `now` when it is no more.
local function spentUntil(key, now, most)
  local sum, at = spentIn(key, now), now
  for _, each in ipairs(amountsIn(key, now)) do
    if sum <= most then return at end
    sum = sum - each.amount
    at = (each.hour + HOURS + 1) * HOUR
  end
  return at
end

-- `amount` is a whole number.
local function spend(key, now, amount)
  local hour = string.format('%.0f', hourOf(now))
  redis.call('HINCRBY', key, hour, string.format('%.0f', amount))
  redis.call('PEXPIRE', key, string.format('%.0f', (HOURS + 2) * HOUR))
  for _, old in ipairs(redis.call('HKEYS', key)) do
    if tonumber(old) < hourOf(now) - HOURS - 1 then redis.call('HDEL', key, old) end
  end
end
