-- What is made of a keyed PIN. Needs the includes "number", "hours" and "guard".
--
-- now, names, length, limits and the PIN's tokens are those of check-pin; isRepeat is true for an attempt that was
-- settled as matched before. Answers { known: what is remembered of the phone, risk that the guess has, route and
-- session that the PIN leads to, result }. result is 'refused', 'missing', 'wrong', 'matched', or 'asked', which says
-- nothing of the PIN. Writes nothing.
local function weighPin(now, tokens, names, length, limits, isRepeat)
  local anonymous = names[1] == 'anonymous'
  local known, wrong = knownPhone(names, now), wrongOf(names, now)
  if not known and not anonymous and not isRepeat and wrong >= limits.callerLimit then return { result = 'refused' } end
  if #tokens == 0 then return { known = known, result = 'missing' } end

  local route = liveRoute(pinKey, tokens, now)
  local session = route and sessionFields(route.session)
  if not session then route = nil end
  local risk = riskOf(length, now)

  -- A phone that got in answers for its own wrong PINs only, and is never asked twice for a PIN that it used before.
  local function isLetOff()
    if isRepeat or risk == 0 or hasEntered(known, route) then return true end
    if not anonymous and wrong >= limits.callerFree then return false end
    -- Those who withhold their number are one caller, with half of what strangers may spend.
    if (wrong + 1) * risk > (anonymous and limits.risk / 2 or limits.risk) then return false end
    if known then return true end
    return not limits.guarded and spentIn(spentKey(length), now) + risk <= limits.risk
  end
  local result = not isLetOff() and 'asked' or session and 'matched' or 'wrong'
  return { known = known, risk = risk, route = route, session = session, result = result }
end
