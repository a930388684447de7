-- Ends an attempt that check-pin carried on with another question.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  JSON list of the names under which the caller's wrong PINs are counted; the first one counts on
-- ARGV[3]  JSON of limits as in check-pin
-- ARGV[4]  the call's channel UUID and the attempt's number: a repeat changes nothing
-- ARGV[5]  'right' or 'wrong', what the answer was if the PIN was right; '' when nothing was keyed: no guess
-- ARGV[6]  what is told of the attempt
-- Answer   { told, 'wrong' }, or { told, 'matched', party, session } as in check-pin

-- @include number
-- @include outbox
-- @include hours
-- @include guard
local now, names, limits = tonumber(ARGV[1]), cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local outcome = redis.call('GET', attemptKey(ARGV[4])) or ''
local stage, id, party = string.match(outcome, '^([^|]*)|([^|]*)|([^|]*)$')
if stage ~= 'asked' and stage ~= 'settled' then return { 0, 'wrong' } end

local isOpen = id ~= '' and now < tonumber(redis.call('HGET', sessionKey(id), 'expiresAt') or '0')
if stage == 'settled' then
  if isOpen then return { 0, 'matched', party, sessionFields(id) } end
  return { 0, 'wrong' }
end
local function settle(result) redis.call('SET', attemptKey(ARGV[4]), result, 'PX', ATTEMPT_REMEMBERED) end
local function tell(sessionId, kind) return sessionId and emit(sessionId, now, kind, ARGV[6]) and 1 or 0 end

local answers = id ~= '' and answersKey(id, party)
local isTaken = answers and mayAnswer(id, party, knownPhone(names, now), limits.risk, now)
if isOpen and ARGV[5] == 'right' and isTaken then
  settle('settled|' .. id .. '|' .. party)
  remember(names, { session = id, party = party }, now, limits.remember)
  return { tell(id, 'pin-success'), 'matched', party, sessionFields(id) }
end
settle('wrong')
if ARGV[5] ~= '' then
  if names[1] then spend(wrongKey(names[1]), now, 1) end
  if answers then spend(answers, now, 1) end
end
return { tell(id ~= '' and id or askedBy(names, now), 'pin-failed'), 'wrong' }
