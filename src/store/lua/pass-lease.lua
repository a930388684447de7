-- Makes another controller the holder of a lease that is still held. That one has to acquire it before it may act
-- by it, and then gets a fence of its own.
--
-- KEYS[1]  lease
-- ARGV[1]  '<controller>|<fence>'
-- ARGV[2]  the other controller
-- ARGV[3]  ms in which it has to be acquired
-- Answer   1, or 0 when it was not held any more

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local fence = string.match(ARGV[1], '|(%d+)$')
redis.call('SET', KEYS[1], ARGV[2] .. '|' .. fence, 'PX', ARGV[3])
return 1
