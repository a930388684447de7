-- Looks a PIN up among the live ones of a number, and counts a wrong one.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  JSON list of the PIN's tokens; [] when no digits were keyed: wrong, but no guess
-- ARGV[3]  JSON list of the names under which the caller's wrong PINs are counted; the first one counts on
-- ARGV[4]  wrong PINs of one caller, and ARGV[5] of all callers, at which they are refused
-- ARGV[6]  ms within which they must have come
-- ARGV[7]  ms that a refusal lasts
-- Answer   { 'refused' }, { 'wrong' }, or { 'matched', party, session } with a session as in route

-- @include number
local now, window, refusal = tonumber(ARGV[1]), tonumber(ARGV[6]), tonumber(ARGV[7])
local names = cjson.decode(ARGV[3])

local function isRefused(who) return now < tonumber(redis.call('GET', refusedKey(who)) or '0') end
if isRefused('number') then return { 'refused' } end
for _, who in ipairs(names) do
  if isRefused(who) then return { 'refused' } end
end

local tokens = cjson.decode(ARGV[2])
if #tokens == 0 then return { 'wrong' } end
local route = liveRoute(pinKey, tokens, now)
local session = route and sessionFields(route.session)
if session then return { 'matched', route.party, session } end

-- The window begins with the first wrong PIN.
local function count(who, limit)
  local key = wrongKey(who)
  local since = tonumber(redis.call('HGET', key, 'since')) or -math.huge
  if now >= since + window then redis.call('HSET', key, 'since', ms(now), 'count', 0) end
  local wrong = redis.call('HINCRBY', key, 'count', 1)
  redis.call('PEXPIRE', key, ms(window + SLACK))
  if wrong >= limit then
    redis.call('SET', refusedKey(who), ms(now + refusal), 'PX', ms(refusal + SLACK))
    redis.call('DEL', key)
  end
end
count(names[1], tonumber(ARGV[4]))
count('number', tonumber(ARGV[5]))
return { 'wrong' }
