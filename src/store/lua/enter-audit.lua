-- Enters changes in the audit log of their day, ahead of the changes.
--
-- KEYS[1]  the day
-- ARGV[1]  ms that the day is kept from now on
-- ARGV[2]  entries of a day at most; the oldest give way
-- ARGV[3…] for each: its instant, ms; entry
-- Answer   entries that gave way

redis.call('ZADD', KEYS[1], unpack(ARGV, 3))
-- Nearly always it is kept until then already.
if math.abs(redis.call('PTTL', KEYS[1]) - tonumber(ARGV[1])) > 1000 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
local surplus = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2])
if surplus <= 0 then return 0 end
return redis.call('ZREMRANGEBYRANK', KEYS[1], 0, surplus - 1)
