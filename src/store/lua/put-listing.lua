-- Lists a number in the inventory, or takes it out, and lets every controller's copy go stale.
--
-- KEYS[1]  inventory
-- KEYS[2]  its version
-- ARGV[1]  number, E.164
-- ARGV[2]  record as JSON, or '' to take it out
-- ARGV[3]  a version that never was
-- Answer   1

if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
redis.call('SET', KEYS[2], ARGV[3])
return 1
