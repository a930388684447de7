-- Everything on a number that decides a call.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  JSON list of the caller's party tokens; [] for a withheld caller
-- ARGV[3]  JSON list of the names under which the caller's wrong PINs are counted
-- Answer   { record or false, party or false, matched session or false, newest live PIN session or false,
--            newest live session with an announcement or false, { lengths of live PINs }, refused until ms or 0,
--            party that unknown callers take the place of or false, the session that they reach or false }
--          a session is what sessionFields (include/number.lua) answers

-- @include number
local now = tonumber(ARGV[1])
local record = redis.call('GET', base)
if not record then return { false, false, false, false, false, {}, '0', false, false } end

local function newest(key)
  local from = 0
  while true do
    local id = redis.call('ZREVRANGE', key, from, from)[1]
    if not id then return false end
    local expires = tonumber(redis.call('HGET', sessionKey(id), 'expiresAt') or '0')
    if now < expires then return sessionFields(id) end
    if expires + SLACK <= now then
      redis.call('ZREM', key, id)
    else
      from = from + 1
    end
  end
end

local party, matched = false, false
local route = liveRoute(partyKey, cjson.decode(ARGV[2]), now)
if route then
  party, matched = route.party, sessionFields(route.session)
end

local place, reached = false, false
local open = routeAt(openKey)
if open and now < open.expires then
  place, reached = open.party, sessionFields(open.session)
end

local gate = newest(gatesKey)
local lengths = {}
if gate then
  for length = 4, 15 do
    if redis.call('ZCOUNT', pinsKey(length), '(' .. ms(now), '+inf') > 0 then table.insert(lengths, length) end
  end
end

local refusedUntil = tonumber(redis.call('GET', refusedKey('number')) or '0')
for _, who in ipairs(cjson.decode(ARGV[3])) do
  refusedUntil = math.max(refusedUntil, tonumber(redis.call('GET', refusedKey(who)) or '0'))
end
return { record, party, matched, gate, newest(announcersKey), lengths, ms(refusedUntil), place, reached }
