-- Prolongs a lease that is still held.
--
-- KEYS[1]  lease
-- ARGV[1]  '<controller>|<fence>'
-- ARGV[2]  ms that the lease lasts from now
-- Answer   1, or 0 when it is not held any more

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
