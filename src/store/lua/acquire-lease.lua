-- Takes a node's lease when nobody has it. Its own holder gets it anew: a controller that restarted
-- under its name must not be taken for the one before.
--
-- KEYS[1]  lease
-- KEYS[2]  newest fence
-- ARGV[1]  controller
-- ARGV[2]  ms that the lease lasts
-- Answer   the fence as a string, or false when another controller has the lease

local holder = redis.call('GET', KEYS[1])
if holder and string.match(holder, '^(.*)|%d+$') ~= ARGV[1] then return false end
-- Beside the last fence, the clock: a fail-over may have lost the newest fences.
local time = redis.call('TIME')
local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, time[1] * 1000 + math.floor(time[2] / 1000))
fence = string.format('%.0f', fence)
redis.call('SET', KEYS[2], fence)
redis.call('SET', KEYS[1], ARGV[1] .. '|' .. fence, 'PX', ARGV[2])
return fence
