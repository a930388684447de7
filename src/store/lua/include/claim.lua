-- Whether a session can be claimed for an interaction. Needs the includes "number", "call" and "rate".

-- { holds, refusal }: whether this interaction holds the claim; and 'busy', 'gone', or the name of the limit that is
-- reached, or nil. The limits are calls at a time on the number, and calls a second of the session and on the number.
local function claimOf(sessionId, interaction, now, most, ofSession, ofNumber)
  local state = redis.call('HMGET', sessionKey(sessionId), 'expiresAt', 'claim', 'claimUntil')
  if not state[1] then return false, 'gone' end
  -- A late question about a call that is over must not hold the session.
  if redis.call('HGET', callKey(interaction), 'stage') == 'ended' then return false, 'gone' end
  if state[2] == interaction then return true, nil end
  if now >= tonumber(state[1]) then return false, 'gone' end
  if state[2] and now < tonumber(state[3]) then return false, 'busy' end
  if most > 0 and redis.call('ZCOUNT', runningKey, '(' .. ms(now), '+inf') >= most then
    return false, 'MAX_CALLS_PER_NUMBER'
  end
  if isSpent(rateKey(sessionId), ofSession) then return false, 'CALL_RATE_PER_SESSION' end
  if isSpent(rateKey('number'), ofNumber) then return false, 'CALL_RATE_PER_NUMBER' end
  return false, nil
end
