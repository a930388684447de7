-- Enters a session in the index of its day, ahead of the claim or the change that its entry tells of. Until
-- that is settled or withdrawn the entry counts as pending: lists ask the session itself.
--
-- KEYS[1]  the day's entries
-- KEYS[2]  the day's order, of all accounts
-- KEYS[3]  the day's order, of the account
-- KEYS[4]  what is pending on the day
-- ARGV[1]  member
-- ARGV[2]  entry
-- ARGV[3]  operation
-- ARGV[4]  now, ms
-- ARGV[5]  ms that the day is kept from now on, give or take an hour
-- ARGV[6]  1 to overwrite an entry that is there, 0 to leave it
-- Answer   1

redis.call(ARGV[6] == '1' and 'HSET' or 'HSETNX', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[4], ARGV[1] .. '|' .. ARGV[3])
-- Else every session that comes would have each key kept for a millisecond longer.
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < tonumber(ARGV[5]) - 3600000 then redis.call('PEXPIRE', key, ARGV[5]) end
end
return 1
