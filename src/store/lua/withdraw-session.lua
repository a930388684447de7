-- Takes a session out of the index of its day: it never came to be, or is forgotten.
--
-- KEYS[1]  the day's entries
-- KEYS[2]  the day's order, of all accounts
-- KEYS[3]  the day's order, of the account
-- KEYS[4]  what is pending on the day
-- ARGV[1]  member
-- ARGV[2]  operation, or ''
-- Answer   1

redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[2] ~= '' then redis.call('ZREM', KEYS[4], ARGV[1] .. '|' .. ARGV[2]) end
return 1
