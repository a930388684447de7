-- Looks a PIN up among the live ones of a number, and counts a wrong one.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  JSON list of the PIN's tokens; [] when no digits were keyed: wrong, but no guess
-- ARGV[3]  JSON list of the names under which the caller's wrong PINs are counted; the first one counts on
-- ARGV[4]  wrong PINs of one caller, and ARGV[5] of all callers, at which they are refused
-- ARGV[6]  ms within which they must have come
-- ARGV[7]  ms that a refusal lasts
-- ARGV[8]  the call's channel UUID and the attempt's number, or '' for neither: a repeat changes nothing
-- ARGV[9]  what is told of the attempt
-- Answer   { told, 'refused' }, { told, 'wrong' }, or { told, 'matched', party, session } with a session as
--          in route; told is 1 when something was appended to the outbox, else 0

-- @include number
-- @include outbox
-- Longer than any call stays at its prompts, in milliseconds.
local ATTEMPT_REMEMBERED = 600000
local now, window, refusal = tonumber(ARGV[1]), tonumber(ARGV[6]), tonumber(ARGV[7])
local names = cjson.decode(ARGV[3])

local function isRefused(who) return now < tonumber(redis.call('GET', refusedKey(who)) or '0') end
if isRefused('number') then return { 0, 'refused' } end
for _, who in ipairs(names) do
  if isRefused(who) then return { 0, 'refused' } end
end

local isRepeat = ARGV[8] ~= ''
  and not redis.call('SET', base .. ':attempt:' .. ARGV[8], 1, 'NX', 'PX', ATTEMPT_REMEMBERED)
local function tell(sessionId, kind)
  return not isRepeat and sessionId and emit(sessionId, now, kind, ARGV[9]) and 1 or 0
end

local tokens = cjson.decode(ARGV[2])
local route = liveRoute(pinKey, tokens, now)
local session = route and sessionFields(route.session)
if session then return { tell(route.session, 'pin-success'), 'matched', route.party, session } end

-- Nobody can say whose PIN was meant. It is told to the session that the caller is a party of, who was
-- asked because that session forces it, else to the one by whose prompts and limits the caller was asked.
local function askedBy()
  local callers = {}
  for _, name in ipairs(names) do
    local token = string.match(name, '^caller:(.*)$')
    if token then table.insert(callers, token) end
  end
  local own = liveRoute(partyKey, callers, now)
  if own then return own.session end
  for _, id in ipairs(redis.call('ZREVRANGE', gatesKey, 0, 99)) do
    if now < tonumber(redis.call('HGET', sessionKey(id), 'expiresAt') or '0') then return id end
  end
  return nil
end
local told = tell(askedBy(), 'pin-failed')
-- Nothing was keyed: no guess.
if #tokens == 0 or isRepeat then return { told, 'wrong' } end

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
return { told, 'wrong' }
