-- Creates a subaccount.
--
-- KEYS[1]  its record
-- KEYS[2]  all subaccounts in the order of their creation
-- ARGV[1]  its place in that order
-- ARGV[2]  and on: fields and values of the record
-- Answer   1, or 0 when there is one of that id

if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return 1
