-- Takes what is due. It comes back after a while, unless it is done by then.
--
-- KEYS[1]  entries by when they are due
-- ARGV[1]  now, ms
-- ARGV[2]  entries at most
-- ARGV[3]  ms until an entry that was taken comes back
-- Answer   { entries }

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
local back = string.format('%.0f', tonumber(ARGV[1]) + tonumber(ARGV[3]))
for _, entry in ipairs(due) do redis.call('ZADD', KEYS[1], back, entry) end
return due
