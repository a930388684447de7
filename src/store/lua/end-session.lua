-- Ends a live session before its time. Its PINs are free at once, its parties once the cool-off is over.
-- A call that runs goes on, and keeps its claim on the session.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  now, ms: the session expires at
-- ARGV[3]  its parties keep the number (cool-off) until, ms
-- ARGV[4]  ms that the session stays readable
-- ARGV[5]  sealed document
-- ARGV[6]  sealed document that it was made from
-- ARGV[7]  JSON of tokens as in claim
-- Answer   { 'ended', revision, running interaction or false, its node or false }, { 'not-found' },
--          { 'expired' } (also when it was ended before), or { 'changed' } (the document is another one by now)

-- @include number
-- @include routes
local id, now, held = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens = cjson.decode(ARGV[7])
local state = redis.call('HMGET', sessionKey(id), 'doc', 'expiresAt', 'claim', 'claimUntil')
if not state[1] then return { 'not-found' } end
if now >= tonumber(state[2]) then return { 'expired' } end
if state[1] ~= ARGV[6] then return { 'changed' } end

local function release(keyOf, list, untilWhen)
  for _, token in ipairs(list) do
    local route = routeAt(keyOf(token))
    if route and route.session == id then writeAt(keyOf(token), id, route.party, now, untilWhen, now) end
  end
end
release(partyKey, tokens.first, held)
release(partyKey, tokens.second, held)
release(pinKey, tokens.firstPin, now)
release(pinKey, tokens.secondPin, now)
leaveIndexes(id, tokens)
noteCooling(id, now, held, now)
local open = routeAt(openKey)
if open and open.session == id then
  writeAt(openKey, id, open.party, now, held, now)
  redis.call('ZADD', strangersKey, ms(held), id)
else
  redis.call('ZREM', strangersKey, id)
end

redis.call('HSET', sessionKey(id), 'doc', ARGV[5], 'expiresAt', ms(now), 'endedBy', 'deleted')
keepSession(id, tonumber(ARGV[4]))
local running, node = false, false
if state[3] and now < tonumber(state[4]) then
  running, node = state[3], redis.call('HGET', callKey(state[3]), 'node')
end
return { 'ended', redis.call('HINCRBY', sessionKey(id), 'revision', 1), running, node }
