-- What the limits of the installation, its nodes and its subaccounts leave to one more call. Needs the includes
-- "admissions" and "rate". `limits` are calls at a time (of a subaccount, of a node, in all), calls a second in the
-- same order, and seconds of talk in a day (of a subaccount, in all); 0 for no limit.

-- Counts out what lapsed. A few at a time, so that no caller waits for many.
local function dropLapsed(now)
  for _, lapsed in ipairs(redis.call('ZRANGEBYSCORE', untilKey, '-inf', ms(now), 'LIMIT', 0, 20)) do
    redis.call('SET', lateKey(lapsed), leave(lapsed) or '', 'PX', LATE)
  end
end

-- What is left of a day's seconds once those who talk now are counted: from when their calls began.
local function secondsLeft(now, scope, day, field, most)
  if most == 0 then return math.huge end
  local talked = redis.call('HGET', talkedKey(day), field)
  local running = redis.call('HMGET', runningKey, scope, scope .. ':began')
  local underway = (tonumber(running[1]) or 0) * math.floor(now / 1000) - (tonumber(running[2]) or 0)
  return most - (tonumber(talked) or 0) - math.max(0, underway)
end

-- Of the subaccount ('' for none), and in all.
local function leftOfDay(now, subaccount, day, limits)
  local ofSubaccount = subaccount == '' and math.huge
    or secondsLeft(now, 'subaccount:' .. subaccount, day, subaccount, limits[7])
  return ofSubaccount, secondsLeft(now, 'total', day, 'total', limits[8])
end

local function rateKeysOf(node, subaccount)
  return base .. ':rate:subaccount:' .. subaccount, base .. ':rate:node:' .. node, base .. ':rate:total'
end

-- The name of the limit that one more call would break, or nil.
local function limitReached(node, subaccount, limits, ofSubaccount, inAll)
  local function isFull(field, most)
    return most > 0 and tonumber(redis.call('HGET', runningKey, field) or '0') >= most
  end
  local own = subaccount ~= ''
  local rateOfSubaccount, rateOfNode, rateOfAll = rateKeysOf(node, subaccount)
  if own and isFull('subaccount:' .. subaccount, limits[1]) then return 'MAX_CALLS_PER_SUBACCOUNT' end
  if isFull('node:' .. node, limits[2]) then return 'MAX_CALLS_PER_NODE' end
  if isFull('total', limits[3]) then return 'MAX_CALLS_TOTAL' end
  if own and isSpent(rateOfSubaccount, limits[4]) then return 'CALL_RATE_PER_SUBACCOUNT' end
  if isSpent(rateOfNode, limits[5]) then return 'CALL_RATE_PER_NODE' end
  if isSpent(rateOfAll, limits[6]) then return 'CALL_RATE_TOTAL' end
  if ofSubaccount <= 0 then return 'DAILY_MINUTES_PER_SUBACCOUNT' end
  if inAll <= 0 then return 'DAILY_MINUTES_TOTAL' end
  return nil
end
