-- Says what came of a command.
--
-- KEYS[1]  the node's commands
-- KEYS[2]  where the answer is read
-- KEYS[3]  newest fences, as a hash of endpoint to fence
-- ARGV[1]  channel UUID
-- ARGV[2]  answer; '' for none: the command came too late
-- ARGV[3]  ms that the answer can be read
-- ARGV[4]  endpoint
-- ARGV[5]  fence
-- Answer   1, or 0 when the lease was lost: the command may be another one by now

-- @include fence
if isStale(KEYS[3], ARGV[4], ARGV[5]) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return 1
