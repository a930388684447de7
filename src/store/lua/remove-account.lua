-- Removes a subaccount.
--
-- KEYS[1]  its record
-- KEYS[2]  all subaccounts in the order of their creation
-- ARGV[1]  its place in that order
-- Answer   1, or 0 when it did not exist

redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
