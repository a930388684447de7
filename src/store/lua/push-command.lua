-- Gives a node a command about a channel. A command that waits already gets the later deadline.
--
-- KEYS[1]  the node's commands, as a hash of channel UUID to command
-- KEYS[2]  the answer to the last command about the channel
-- ARGV[1]  channel UUID
-- ARGV[2]  command as JSON
-- ARGV[3]  commands at most
-- ARGV[4]  ms that unread commands are kept
-- Answer   1, or 0 when there are too many

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
