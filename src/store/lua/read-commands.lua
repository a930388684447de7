-- Reads the commands that wait for a node, for the holder of its lease.
--
-- KEYS[1]  the node's commands, as a hash of channel UUID to command
-- KEYS[2]  newest fences, as a hash of endpoint to fence
-- ARGV[1]  endpoint
-- ARGV[2]  fence
-- Answer   { commands as JSON }, or false when the lease was lost

-- @include fence
if isStale(KEYS[2], ARGV[1], ARGV[2]) then return false end
return redis.call('HVALS', KEYS[1])
