-- Changes fields of a subaccount that exists.
--
-- KEYS[1]  its record
-- ARGV     fields and values
-- Answer   1, or 0 when it does not exist

if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
