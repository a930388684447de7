-- Reports sessions whose time is over, each once, and clears what is left of them in the indexes. The clock
-- decided their expiry long before: nothing here changes what a call leads to.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- ARGV[2]  sessions at most; 0 to ask only whether there are any
-- Answer   { sessions reported, 1 when something was appended to the outbox or 0, sessions whose time is over
--          and that still await their report, sessions that will be over some day }

-- @include number
-- @include outbox
local now, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local reported, appended = 0, 0
local due = redis.call('ZRANGEBYSCORE', dueKey, '-inf', ms(now), 'LIMIT', 0, limit)
for _, id in ipairs(due) do
  local expires = tonumber(redis.call('HGET', sessionKey(id), 'expiresAt') or '-inf')
  if expires > now then
    redis.call('ZADD', dueKey, ms(expires), id)
  else
    if redis.call('EXISTS', sessionKey(id)) == 1 and redis.call('HSETNX', sessionKey(id), 'endedBy', 'expired') == 1 then
      reported = reported + 1
      if emit(id, expires, 'timeout', '', '') then appended = 1 end
    end
    redis.call('ZREM', dueKey, id)
    -- Another controller's clock may be behind: to it the session may live for a moment yet.
    if expires + SLACK <= now then
      for _, key in ipairs({ sessionsKey, gatesKey, announcersKey }) do redis.call('ZREM', key, id) end
    end
  end
end
if #due > 0 then
  -- Beyond expiry: an open session keeps the unknown callers until its cool-off is over.
  redis.call('ZREMRANGEBYSCORE', strangersKey, '-inf', ms(now - SLACK))
  for length = 4, 15 do redis.call('ZREMRANGEBYSCORE', pinsKey(length), '-inf', ms(now - SLACK)) end
end
local over = redis.call('ZCOUNT', dueKey, '-inf', ms(now))
return { reported, appended, over, redis.call('ZCARD', dueKey) - over }
