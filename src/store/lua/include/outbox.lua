-- The outbox of a number: what receivers of its sessions are to be told. The script that writes a change
-- appends what it tells, so the one is there if and only if the other is. A relay takes entries out.
-- Needs the include "number".
local outboxKey = base .. ':outbox'
-- Entries that a number keeps at most; what is beyond is counted as lost, and the relay says so.
local OUTBOX_BOUND = 100000

-- The session's field 'hooks' holds s when it has a callback_url, r when it has a recording_callback_url.
local function isWanted(sessionId, kind)
  local hooks = redis.call('HGET', sessionKey(sessionId), 'hooks') or ''
  local hook = string.sub(kind, 1, 9) == 'recording' and 'r' or 's'
  return string.find(hooks, hook, 1, true) ~= nil
end

local function isOutboxFull() return redis.call('LLEN', outboxKey) >= OUTBOX_BOUND end

local function append(sessionId, sequence, at, kind, data, callId)
  redis.call('RPUSH', outboxKey, cjson.encode({
    session = sessionId,
    sequence = sequence,
    at = ms(at),
    kind = kind,
    data = data,
    call = callId,
  }))
end

-- Tells of a change in a session: true when its receiver wants to know. `at` in ms; `kind` as in
-- src/masking/session-event.ts, a recording's begins with 'recording'; `data` is JSON without a number or PIN in
-- clear, sealed text, or ''; `callId` is the interaction, or ''.
local function emit(sessionId, at, kind, data, callId)
  if not isWanted(sessionId, kind) then return false end
  -- One that finds no room takes its sequence number along: the receiver sees the gap.
  local sequence = redis.call('HINCRBY', sessionKey(sessionId), 'sequence', 1)
  if isOutboxFull() then
    redis.call('INCR', outboxKey .. ':lost')
    redis.call('HINCRBY', sessionKey(sessionId), 'lost', 1)
    return false
  end
  append(sessionId, sequence, at, kind, data or '', callId or '')
  return true
end

-- True the first time that `what` is noted of an interaction which the session's receiver wants to hear of.
local function isNews(sessionId, callId, kind, what)
  return isWanted(sessionId, kind) and redis.call('HSETNX', callKey(callId), 'told:' .. what, 1) == 1
end

local function isTold(callId, what)
  return redis.call('HEXISTS', callKey(callId), 'told:' .. what) == 1
end
