-- Calls a second: a bucket that holds as many tokens as flow into it in a second. By Redis' own clock, which all
-- controllers share.
local clock = redis.call('TIME')
local MICROSECONDS = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

-- What is in the bucket now; full when nobody took from it for a second.
local function tokens(key, rate)
  local bucket = redis.call('HMGET', key, 'left', 'at')
  local since = MICROSECONDS - (tonumber(bucket[2]) or 0)
  return math.min(rate, (tonumber(bucket[1]) or rate) + math.max(0, since) * rate / 1000000)
end

-- True when the rate (calls a second, 0 for any) is used up.
local function isSpent(key, rate) return rate > 0 and tokens(key, rate) < 1 end

local function spend(key, rate)
  if rate == 0 then return end
  local left = tokens(key, rate) - 1
  redis.call('HSET', key, 'left', string.format('%.6f', left), 'at', string.format('%.0f', MICROSECONDS))
  redis.call('PEXPIRE', key, 2000)
end
