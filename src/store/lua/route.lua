-- Everything on a number that decides a call.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  JSON list of the caller's party tokens; [] for a withheld caller
-- ARGV[3]  JSON list of the names under which the caller's wrong PINs are counted
-- ARGV[4]  wrong PINs after which a caller who never got in is refused
-- Answer   { record or false, party or false, matched session or false, newest live PIN session or false,
--            newest live session with an announcement or false, { lengths of live PINs }, refused until ms or 0,
--            party that unknown callers take the place of or false, the session that they reach or false }
--          a session is what sessionFields (include/number.lua) answers

-- @include number
-- @include hours
-- @include guard
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
    if livePins(length, now) > 0 then table.insert(lengths, length) end
  end
end

-- Those who withhold their number cannot be told apart: they are asked for more instead (check-pin).
local refusedUntil, names, limit = 0, cjson.decode(ARGV[3]), tonumber(ARGV[4])
if gate and names[1] ~= 'anonymous' and wrongOf(names, now) >= limit and not knownPhone(names, now) then
  for _, name in ipairs(names) do
    refusedUntil = math.max(refusedUntil, spentUntil(wrongKey(name), now, limit - 1))
  end
end
return { record, party, matched, gate, newest(announcersKey), lengths, ms(refusedUntil), place, reached }
