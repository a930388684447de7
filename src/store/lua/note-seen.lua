-- Notes when the calls of a node were looked at.
--
-- KEYS[1]  when they were last, ms
-- KEYS[2]  newest fences, as a hash of endpoint to fence
-- ARGV[1]  ms
-- ARGV[2]  ms that it is remembered
-- ARGV[3]  endpoint
-- ARGV[4]  fence
-- Answer   1, or 0 when the lease was lost

-- @include fence
if isStale(KEYS[2], ARGV[3], ARGV[4]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
