-- Writes what became of a change in place of its entry.
--
-- KEYS[1]  the day
-- ARGV[1]  entry
-- ARGV[2]  entry with its outcome, or '' when nothing was changed
-- ARGV[3]  its instant, ms
-- Answer   1, or 0 when the entry is not there any more

if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
if ARGV[2] ~= '' then redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2]) end
return 1
