-- Gives a lease up.
--
-- KEYS[1]  lease
-- ARGV[1]  '<controller>|<fence>'
-- Answer   1, or 0 when it was not held any more

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
