-- Makes a number ours.
--
-- KEYS[1]  the number's record
-- ARGV[1]  record as JSON
-- Answer   false when the number is ours now, also when this very record was there; else the record it has

local present = redis.call('GET', KEYS[1])
if present and present ~= ARGV[1] then return present end
redis.call('SET', KEYS[1], ARGV[1])
return false
