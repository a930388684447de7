-- Enters a change in the audit log of its day, ahead of the change.
--
-- KEYS[1]  the day
-- ARGV[1]  entry
-- ARGV[2]  its instant, ms
-- ARGV[3]  ms that the day is kept from now on
-- ARGV[4]  entries of a day at most; the oldest give way
-- Answer   entries that gave way

redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
-- Nearly always it is kept until then already.
if math.abs(redis.call('PTTL', KEYS[1]) - tonumber(ARGV[3])) > 1000 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
local surplus = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[4])
if surplus <= 0 then return 0 end
return redis.call('ZREMRANGEBYRANK', KEYS[1], 0, surplus - 1)
