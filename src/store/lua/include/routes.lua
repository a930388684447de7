-- Who leads where, and what else a session takes of its number.

-- A session awaits its report for so long at most when nobody sweeps, in milliseconds.
local REPORTED_WITHIN = 30 * 24 * 3600 * 1000

-- True when a route of another session than `own` stands in the way.
local function isTaken(keyOf, tokens, own, now)
  for _, token in ipairs(tokens) do
    local route = routeAt(keyOf(token))
    if route and route.session ~= own and now < route.held then return true end
  end
  return false
end

-- True when the session has the route, or needs none.
local function isOwn(keyOf, tokens, id)
  if #tokens == 0 then return true end
  for _, token in ipairs(tokens) do
    local route = routeAt(keyOf(token))
    if route and route.session == id then return true end
  end
  return false
end

local function writeAt(key, id, party, expires, held, now)
  if held <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, table.concat({ id, party, ms(expires), ms(held) }, '|'), 'PX', ms(held - now + SLACK))
  end
end

-- Under the newest token; what the older ones led to is gone or was moved.
local function writeRoute(keyOf, tokens, id, party, expires, held, now)
  for index, token in ipairs(tokens) do
    if index == 1 then
      writeAt(keyOf(token), id, party, expires, held, now)
    else
      redis.call('DEL', keyOf(token))
    end
  end
end

-- Notes until when the session's parties keep the number, when that is beyond its end. Of a new one nothing is noted yet.
local function noteCooling(id, expires, held, now, isNew)
  if held <= expires then
    if not isNew then redis.call('ZREM', coolingKey, id) end
    return
  end
  redis.call('ZREMRANGEBYSCORE', coolingKey, '-inf', ms(now - SLACK))
  redis.call('ZADD', coolingKey, ms(held), id)
  keepIndex(coolingKey, held - now + SLACK)
end

-- All routes that a session's tokens stand for, and its place in the indexes.
local function writeSession(id, tokens, expires, held, now, isNew)
  writeRoute(partyKey, tokens.first, id, 'first', expires, held, now)
  writeRoute(partyKey, tokens.second, id, 'second', expires, held, now)
  writeRoute(pinKey, tokens.firstPin, id, 'first', expires, expires, now)
  writeRoute(pinKey, tokens.secondPin, id, 'second', expires, expires, now)
  local ttl = expires - now + SLACK
  redis.call('ZADD', sessionsKey, ms(expires), id)
  keepIndex(sessionsKey, ttl)
  redis.call('ZADD', dueKey, ms(expires), id)
  keepIndex(dueKey, ttl + REPORTED_WITHIN)
  noteCooling(id, expires, held, now, isNew)
  for index, length in ipairs(tokens.lengths) do
    local key = pinsKey(length)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', ms(now - SLACK))
    redis.call('ZADD', key, ms(expires), id .. (index == 1 and ':first' or ':second'))
    keepIndex(key, ttl)
  end
end

-- Takes a session out of the indexes of who is live.
local function leaveIndexes(id, tokens)
  redis.call('ZREM', sessionsKey, id)
  redis.call('ZREM', dueKey, id)
  redis.call('ZREM', gatesKey, id)
  redis.call('ZREM', announcersKey, id)
  redis.call('ZREM', coolingKey, id)
  for index, length in ipairs(tokens.lengths) do
    redis.call('ZREM', pinsKey(length), id .. (index == 1 and ':first' or ':second'))
  end
end

-- The session with what was said in it stays readable for `ttl` milliseconds.
local function keepSession(id, ttl)
  redis.call('PEXPIRE', sessionKey(id), ms(ttl))
  local list = callsKey(id)
  keep(list, ttl)
  -- The log of its callbacks, see include/callbacks.lua.
  keep(base .. ':callbacks:' .. id, ttl)
  keep(base .. ':callbacks:' .. id .. ':settled', ttl)
  for _, call in ipairs(redis.call('LRANGE', list, 0, -1)) do keep(callKey(call), ttl) end
end
