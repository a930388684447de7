-- Enters sessions in the index of their day, ahead of the claims or the changes that their entries tell of. Until
-- that is settled or withdrawn an entry counts as pending: lists ask the session itself.
--
-- KEYS[1]  the day's entries
-- KEYS[2]  the day's order, of all accounts
-- KEYS[3]  the day's order, of the account
-- KEYS[4]  what is pending on the day
-- ARGV[1]  ms that the day is kept from now on, give or take an hour
-- ARGV[2…] for each: member; entry; operation; now, ms; 1 to overwrite an entry that is there, 0 to leave it
-- Answer   1

local entries, order, pending = {}, {}, {}
for index = 2, #ARGV, 5 do
  local member = ARGV[index]
  if ARGV[index + 4] == '1' then
    entries[#entries + 1] = member
    entries[#entries + 1] = ARGV[index + 1]
  else
    redis.call('HSETNX', KEYS[1], member, ARGV[index + 1])
  end
  order[#order + 1] = 0
  order[#order + 1] = member
  pending[#pending + 1] = ARGV[index + 3]
  pending[#pending + 1] = member .. '|' .. ARGV[index + 2]
end
if #entries > 0 then redis.call('HSET', KEYS[1], unpack(entries)) end
redis.call('ZADD', KEYS[2], unpack(order))
redis.call('ZADD', KEYS[3], unpack(order))
redis.call('ZADD', KEYS[4], unpack(pending))
-- Else every session that comes would have each key kept for a millisecond longer.
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < tonumber(ARGV[1]) - 3600000 then redis.call('PEXPIRE', key, ARGV[1]) end
end
return 1
