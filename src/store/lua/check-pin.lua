-- Looks a PIN up among the live ones of a number, and counts a wrong one. When a guess would be too much of a
-- risk, nothing is said: the caller is to be asked for more, whether the PIN was right or wrong (settle-pin).
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  JSON list of the PIN's tokens; [] when no digits were keyed: wrong, but no guess
-- ARGV[3]  JSON list of the names under which the caller's wrong PINs are counted; the first one counts on
-- ARGV[4]  how many digits were keyed
-- ARGV[5]  JSON { risk: that callers who never got in may spend in 24 hours; callerFree: wrong PINs after which a
--          caller is asked for more, and callerLimit: is refused; remember: ms; guarded: everybody who never
--          got in is asked for more }
-- ARGV[6]  the call's channel UUID and the attempt's number, or '' for neither: a repeat changes nothing
-- ARGV[7]  what is told of the attempt
-- Answer   { told, result, party or false, session or false, risk that the attempt spent, guard news or false }
--          told is 1 when something was appended to the outbox, else 0; result is 'refused', 'wrong', 'asked', or
--          'matched' with a party and a session as in route; news as of guardNews (include/guard.lua)

-- @include number
-- @include outbox
-- @include hours
-- @include guard
-- @include weigh-pin
local now, length = tonumber(ARGV[1]), tonumber(ARGV[4])
local tokens, names, limits = cjson.decode(ARGV[2]), cjson.decode(ARGV[3]), cjson.decode(ARGV[5])

local before = ARGV[6] ~= '' and redis.call('GET', attemptKey(ARGV[6])) or nil
if before and before ~= 'matched' then
  return { 0, before == 'wrong' and 'wrong' or 'asked', false, false, '0', false }
end
local function settle(outcome)
  if ARGV[6] ~= '' then redis.call('SET', attemptKey(ARGV[6]), outcome, 'PX', ATTEMPT_REMEMBERED) end
end
local function tell(sessionId, kind)
  return not before and sessionId and emit(sessionId, now, kind, ARGV[7]) and 1 or 0
end

local weighed = weighPin(now, tokens, names, length, limits, before ~= nil)
local known, risk, route = weighed.known, weighed.risk, weighed.route
if weighed.result == 'refused' then return { 0, 'refused', false, false, '0', false } end
if weighed.result == 'missing' then
  settle('wrong')
  return { tell(askedBy(names, now), 'pin-failed'), 'wrong', false, false, '0', false }
end
local function news() return not known and risk > 0 and guardNews(length, now, limits.risk) end

if weighed.result == 'asked' then
  settle('asked|' .. (route and route.session or '') .. '|' .. (route and route.party or ''))
  return { 0, 'asked', false, false, '0', news() }
end
if weighed.result == 'matched' then
  settle('matched')
  remember(names, route, now, limits.remember)
  return { tell(route.session, 'pin-success'), 'matched', route.party, weighed.session, '0', false }
end

settle('wrong')
if names[1] then spend(wrongKey(names[1]), now, 1) end
if not known and risk > 0 then spend(spentKey(length), now, risk) end
return { tell(askedBy(names, now), 'pin-failed'), 'wrong', false, false, ms(risk), news() }
