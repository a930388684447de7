-- The log of a session's callbacks: a hash with, for each by its sequence number, the sealed record, its
-- state ('queued', 'delivered' or 'failed'), its sealed attempts, a line each, and the round that it is in: how
-- often it was to be sent again. One that could not be made holds its outbox entry, to make it from later.
-- Needs the include "number".
local function callbacksKey(sessionId) return base .. ':callbacks:' .. sessionId end
-- Those that are settled, in the order in which they were.
local function settledKey(sessionId) return callbacksKey(sessionId) .. ':settled' end
local function stateField(sequence) return sequence .. ':state' end
local function triesField(sequence) return sequence .. ':tries' end
local function roundField(sequence) return sequence .. ':round' end
local function entryField(sequence) return sequence .. ':entry' end
-- Of the whole log: callbacks that are queued, and a count that grows with each that is settled.
local QUEUED, SETTLEMENTS = ':queued', ':settlements'

local function roundOf(sessionId, sequence)
  return tonumber(redis.call('HGET', callbacksKey(sessionId), roundField(sequence)) or '0')
end

-- Past `kept` settled callbacks those that were settled longest ago give way. A queued one never does.
local function setState(sessionId, sequence, state, kept)
  local log, settled = callbacksKey(sessionId), settledKey(sessionId)
  local was = redis.call('HGET', log, stateField(sequence))
  redis.call('HSET', log, stateField(sequence), state)
  if state == 'queued' then
    if was ~= 'queued' then redis.call('HINCRBY', log, QUEUED, 1) end
    redis.call('ZREM', settled, sequence)
    return
  end
  if was == 'queued' then redis.call('HINCRBY', log, QUEUED, -1) end
  redis.call('ZADD', settled, 'NX', redis.call('HINCRBY', log, SETTLEMENTS, 1), sequence)
  local over = redis.call('ZCARD', settled) - kept
  if over > 0 then
    for index, old in ipairs(redis.call('ZPOPMIN', settled, over)) do
      -- Scores stand between the members.
      if index % 2 == 1 then
        redis.call('HDEL', log, old, stateField(old), triesField(old), roundField(old), entryField(old))
      end
    end
  end
  local left = redis.call('PTTL', log)
  if left > 0 then redis.call('PEXPIRE', settled, left) end
end

-- Takes a callback out of the log, also a queued one: whoever delivers it finds it gone.
local function forgetCallback(sessionId, sequence)
  local log = callbacksKey(sessionId)
  if redis.call('HGET', log, stateField(sequence)) == 'queued' then redis.call('HINCRBY', log, QUEUED, -1) end
  redis.call('ZREM', settledKey(sessionId), sequence)
  redis.call('HDEL', log, sequence, stateField(sequence), triesField(sequence), roundField(sequence),
    entryField(sequence))
end

-- Adds a sealed attempt; the newest `kept` stay, newest last.
local function addAttempt(sessionId, sequence, attempt, kept)
  local log = callbacksKey(sessionId)
  local lines = {}
  for line in string.gmatch(redis.call('HGET', log, triesField(sequence)) or '', '[^\n]+') do
    table.insert(lines, line)
  end
  table.insert(lines, attempt)
  local from = math.max(1, #lines - kept + 1)
  redis.call('HSET', log, triesField(sequence), table.concat(lines, '\n', from))
end
