-- Interactions: a hash each, with a field leg:<uuid> per leg that has ended, and counted:<role> once a leg
-- of that role is in the session's totals.
local RANK = { dialing = 1, ringing = 2, whispering = 3, connected = 4, ended = 5 }
-- Interactions that a session lists. Older ones stay readable on their own.
local LISTED = 100

-- Lists an interaction in its session and lets it live as long as that.
local function enlist(sessionId, id)
  local left = redis.call('PTTL', sessionKey(sessionId))
  local list = callsKey(sessionId)
  redis.call('RPUSH', list, id)
  redis.call('LTRIM', list, -LISTED, -1)
  redis.call('PEXPIRE', list, left)
  redis.call('PEXPIRE', callKey(id), left)
end

local function connectedAt(call, at)
  local known = tonumber(redis.call('HGET', call, 'connectedAt')) or math.huge
  if at < known then redis.call('HSET', call, 'connectedAt', ms(at)) end
end
