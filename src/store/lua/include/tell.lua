-- What is told of an interaction: each thing once, by whichever of the scripts learns of it first.
-- Needs the includes "number", "call" and "outbox". Each answers true when it appended to the outbox.
local function legData(role, party) return cjson.encode({ role = role, party = party }) end

local function tellRinging(session, id, role, party, at)
  if role ~= 'b' or not isNews(session, id, 'ring', 'ring') then return false end
  -- Plivo has no event for a first party's phone that rings.
  return party == 'second' and emit(session, at, 'ring', legData(role, party), id)
end

local function tellAnswered(session, id, role, party, at)
  return isNews(session, id, 'answer', 'answer:' .. role) and emit(session, at, 'answer', legData(role, party), id)
end

local function tellRecording(session, id, at)
  if (redis.call('HGET', callKey(id), 'recording') or '') == '' then return false end
  return isNews(session, id, 'recording', 'recording') and emit(session, at, 'recording-started', '', id)
end

local function tellHangup(session, id, role, at, leg)
  return isNews(session, id, 'hangup', 'hangup:' .. role) and emit(session, at, 'hangup', leg, id)
end

local function tellEnd(session, id, at)
  return isNews(session, id, 'parties-hangup', 'end') and emit(session, at, 'parties-hangup', '', id)
end

-- The B leg was heard of, and its end was not.
local function isOpenB(id)
  return (isTold(id, 'ring') or isTold(id, 'answer:b')) and not isTold(id, 'hangup:b')
end
