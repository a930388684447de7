-- What guards the PINs of a number against guessing, see docs/security.md. Needs the includes "number" and
-- "hours". A risk is a chance in units of 10^-12, so that sums are whole numbers.
local SMALLEST_RISK = 12
-- Wrong answers about one PIN's owner that are taken in 24 hours, however many PINs live.
local ANSWERS_AT_LEAST = 10
-- Digits of their own number that callers are asked for, as in src/masking/pin-guard.ts.
local OWN_DIGITS = 6
-- Sessions that are remembered of a phone.
local ENTRIES_KEPT = 10
-- Longer than any call stays at its prompts, in milliseconds.
local ATTEMPT_REMEMBERED = 600000

-- Risk that wrong PINs of callers who never got in have spent, by the PINs' length.
local function spentKey(length) return base .. ':spent:' .. length end
-- Wrong PINs of 'anonymous' or 'caller:<token>'.
local function wrongKey(who) return base .. ':wrong:' .. who end
-- Wrong answers about the owner of a PIN, which was right.
local function answersKey(session, party) return base .. ':answers:' .. session .. ':' .. party end
-- A phone that got in: '<until>|<session>:<party>,…', newest first.
local function knownKey(who) return base .. ':known:' .. who end
-- What came of an attempt: 'wrong', 'matched', or 'asked|<session>|<party>', both empty for a wrong PIN.
local function attemptKey(id) return base .. ':attempt:' .. id end
-- Lengths of PINs that are guarded against everybody who never got in, by since when.
local guardKey = base .. ':guard'

local function livePins(length, now) return redis.call('ZCOUNT', pinsKey(length), '(' .. ms(now), '+inf') end

-- The chance of one guess at PINs of a length.
local function riskOf(length, now) return math.ceil(livePins(length, now) * 10 ^ (SMALLEST_RISK - length)) end

-- Wrong answers that are taken about one PIN's owner: together they risk no more than the guesses before them.
local function answersTaken(risk, now)
  local live = 0
  for length = 4, 15 do live = live + livePins(length, now) end
  return math.max(ANSWERS_AT_LEAST, math.floor(risk * 10 ^ (OWN_DIGITS - SMALLEST_RISK) / math.max(1, live)))
end

-- Whether an answer about the owner of a PIN is still taken from a caller; `known` as of knownPhone.
local function mayAnswer(session, party, known, risk, now)
  return known ~= nil or spentIn(answersKey(session, party), now) < answersTaken(risk, now)
end

-- A caller is counted under several names, one per data key.
local function wrongOf(names, now)
  local sum = 0
  for _, name in ipairs(names) do sum = sum + spentIn(wrongKey(name), now) end
  return sum
end

-- What is remembered of a phone that got in, or nil.
local function knownPhone(names, now)
  for _, name in ipairs(names) do
    local untilWhen, list = string.match(redis.call('GET', knownKey(name)) or '', '^(%d+)|(.*)$')
    if untilWhen and now < tonumber(untilWhen) then
      local entered = {}
      for entry in string.gmatch(list, '[^,]+') do table.insert(entered, entry) end
      return entered
    end
  end
  return nil
end

local function hasEntered(known, route)
  for _, entry in ipairs(known or {}) do
    if route and entry == route.session .. ':' .. route.party then return true end
  end
  return false
end

-- Remembers for `lasts` ms that the caller got in. Those who withhold their number have no phone to remember.
local function remember(names, route, now, lasts)
  if names[1] == nil or names[1] == 'anonymous' or lasts <= 0 then return end
  local newest = route.session .. ':' .. route.party
  local entered = { newest }
  for _, entry in ipairs(knownPhone(names, now) or {}) do
    if entry ~= newest and #entered < ENTRIES_KEPT then table.insert(entered, entry) end
  end
  for _, name in ipairs(names) do redis.call('DEL', knownKey(name)) end
  redis.call('SET', knownKey(names[1]), ms(now + lasts) .. '|' .. table.concat(entered, ','), 'PX', ms(lasts))
end

-- Nobody can say whose PIN was meant by a wrong one. It is told to the session that the caller is a party of,
-- who was asked because that session forces it, else to the one by whose prompts and limits the caller was asked.
local function askedBy(names, now)
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

-- How a number stands for PINs of a length: whether the next guess of a stranger would be too much, and until
-- when that lasts, ms, -1 for as long as so many PINs live. The flag says what was told of it.
local function standing(length, now, most)
  local risk = riskOf(length, now)
  local full = risk > 0 and spentIn(spentKey(length), now) + risk > most
  local lasts = full and (risk > most and -1 or spentUntil(spentKey(length), now, most - risk)) or 0
  return full, lasts
end

-- { 'began' or 'ended', length, until ms } when the number's guard changed since it was last looked at, or false.
local function guardNews(length, now, most)
  local full, lasts = standing(length, now, most)
  local flagged = redis.call('HEXISTS', guardKey, length) == 1
  if full == flagged then return false end
  if not full then
    redis.call('HDEL', guardKey, length)
    return { 'ended', length, '0' }
  end
  redis.call('HSET', guardKey, length, ms(now))
  return { 'began', length, ms(lasts) }
end
