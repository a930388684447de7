-- Removes a session with all that was said in it, or a part of that, whatever its time.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  now, ms
-- ARGV[3]  JSON { whole: true for the session itself; tokens: as in claim, for the whole; calls: interaction ids;
--          callbacks: sequence numbers; peer: true to forget who took the missing party's place }
-- Answer   'erased', or 'in-call' when an interaction runs that would be removed

-- @include number
-- @include routes
-- @include callbacks
local id, now = ARGV[1], tonumber(ARGV[2])
local what = cjson.decode(ARGV[3])
local state = redis.call('HMGET', sessionKey(id), 'claim', 'claimUntil')
local running = state[1] and now < tonumber(state[2] or '0') and state[1]
if running and what.whole then return 'in-call' end
for _, call in ipairs(what.calls) do
  if call == running then return 'in-call' end
end

for _, call in ipairs(what.calls) do
  redis.call('LREM', callsKey(id), 0, call)
  redis.call('ZREM', runningKey, call)
  redis.call('DEL', callKey(call))
end
for _, number in ipairs(what.callbacks) do forgetCallback(id, string.format('%d', number)) end
if what.peer then redis.call('HDEL', sessionKey(id), 'peer') end
if not what.whole then return 'erased' end

local function free(keyOf, tokens)
  for _, token in ipairs(tokens) do
    local route = routeAt(keyOf(token))
    if route and route.session == id then redis.call('DEL', keyOf(token)) end
  end
end
free(partyKey, what.tokens.first)
free(partyKey, what.tokens.second)
free(pinKey, what.tokens.firstPin)
free(pinKey, what.tokens.secondPin)
local open = routeAt(openKey)
if open and open.session == id then redis.call('DEL', openKey) end
leaveIndexes(id, what.tokens)
redis.call('ZREM', strangersKey, id)
for _, call in ipairs(redis.call('LRANGE', callsKey(id), 0, -1)) do redis.call('DEL', callKey(call)) end
redis.call('DEL', sessionKey(id), callsKey(id), callbacksKey(id), settledKey(id))
return 'erased'
