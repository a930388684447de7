-- The outbox of a number: what receivers of its sessions are to be told. The script that writes a change
-- appends what it tells, so the one is there if and only if the other is. A relay takes entries out.
-- Needs the include "number".
local outboxKey = base .. ':outbox'
-- Entries that a number keeps at most; what is beyond is counted as lost, and the relay says so.
local OUTBOX_BOUND = 100000

-- Tells of a change in a session: true when its receiver wants to know. `at` in ms; `kind` as in
-- src/callbacks/events.ts, a recording's begins with 'recording'; `data` is JSON without a number or PIN in
-- clear, sealed text, or ''; `callId` is the interaction, or ''.
local function emit(sessionId, at, kind, data, callId)
  local session = sessionKey(sessionId)
  -- 's' when the session has a callback_url, 'r' when it has a recording_callback_url.
  local hooks = redis.call('HGET', session, 'hooks') or ''
  local wanted = string.sub(kind, 1, 9) == 'recording' and 'r' or 's'
  if not string.find(hooks, wanted, 1, true) then return false end
  if redis.call('LLEN', outboxKey) >= OUTBOX_BOUND then
    redis.call('INCR', outboxKey .. ':lost')
    return false
  end
  local sequence = redis.call('HINCRBY', session, 'sequence', 1)
  redis.call('RPUSH', outboxKey, cjson.encode({
    session = sessionId,
    sequence = sequence,
    at = ms(at),
    kind = kind,
    data = data or '',
    call = callId or '',
  }))
  return true
end
