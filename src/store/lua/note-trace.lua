-- Adds steps to the trace of a call. A call whose steps come without end keeps its first ones.
--
-- KEYS[1]  the trace
-- ARGV[1]  ms that it lives from now on
-- ARGV[2]  steps that it holds at most
-- ARGV[3…] steps as JSON
-- Answer   how many steps were left out

local room = math.max(0, tonumber(ARGV[2]) - redis.call('LLEN', KEYS[1]))
local most = math.min(#ARGV - 2, room)
for index = 1, most do redis.call('RPUSH', KEYS[1], ARGV[index + 2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return #ARGV - 2 - most
