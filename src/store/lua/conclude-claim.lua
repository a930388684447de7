-- Decides for good about a claim whose answer never came: from now on it has put the session on the number, or
-- never will, however late it comes.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  'keep' while the client can still be told of the session, 'drop' once it was told of a failure
-- ARGV[3]  JSON of tokens as in claim
-- ARGV[4]  ms that a claim may still be on its way
-- Answer   'claimed' (it is there and stays), 'void' (it is not there), 'dropped' (it was there and is gone), or
--          'used' (to be dropped, but calls were made in it: to be ended, so that their records stay)

-- @include number
-- @include routes
local id = ARGV[1]
local state = redis.call('HMGET', sessionKey(id), 'doc', 'claim')
if not state[1] then
  redis.call('SET', givenUpKey(id), 1, 'PX', ARGV[4])
  return 'void'
end
if ARGV[2] == 'keep' then return 'claimed' end
if state[2] or redis.call('EXISTS', callsKey(id)) == 1 then return 'used' end

local tokens = cjson.decode(ARGV[3])
local function free(keyOf, list)
  for _, token in ipairs(list) do
    local route = routeAt(keyOf(token))
    if route and route.session == id then redis.call('DEL', keyOf(token)) end
  end
end
free(partyKey, tokens.first)
free(partyKey, tokens.second)
free(pinKey, tokens.firstPin)
free(pinKey, tokens.secondPin)
leaveIndexes(id, tokens)
redis.call('ZREM', strangersKey, id)
local open = routeAt(openKey)
if open and open.session == id then redis.call('DEL', openKey) end
redis.call('DEL', sessionKey(id))
redis.call('SET', givenUpKey(id), 1, 'PX', ARGV[4])
return 'dropped'
