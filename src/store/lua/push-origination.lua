-- Queues a call to originate, once.
--
-- KEYS[1]  ids by the instant from which they may be taken
-- KEYS[2]  jobs
-- ARGV[1]  id
-- ARGV[2]  job as JSON
-- ARGV[3]  may be taken from, ms
-- ARGV[4]  jobs at most
-- Answer   1 (also when it is queued already), or 0 when the queue is full

if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 1 end
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
