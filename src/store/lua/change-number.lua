-- Replaces a number's record, unless another change came first.
--
-- KEYS[1]  the number's record
-- ARGV[1]  record that the new one was made from, as JSON
-- ARGV[2]  new record, as JSON
-- Answer   1 when the new record is there now, also when it was before; else 0

local present = redis.call('GET', KEYS[1])
if present ~= ARGV[1] and present ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
