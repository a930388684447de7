-- Says what came of a command.
--
-- KEYS[1]  the node's commands
-- KEYS[2]  where the answer is read
-- ARGV[1]  channel UUID
-- ARGV[2]  answer; '' for none: the command came too late
-- ARGV[3]  ms that the answer can be read
-- Answer   1

redis.call('HDEL', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return 1
