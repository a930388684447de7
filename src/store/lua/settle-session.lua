-- Writes what became of a session, unless something newer is known, and ends an operation on its entry.
--
-- KEYS[1]  the day's entries
-- KEYS[2]  the day's order, of all accounts
-- KEYS[3]  the day's order, of the account
-- KEYS[4]  what is pending on the day
-- ARGV[1]  member
-- ARGV[2]  entry, its last part the revision; '' when nothing became of it
-- ARGV[3]  operation
-- Answer   1

local function revisionOf(entry) return tonumber(string.match(entry, '|(%d+)$')) end
if ARGV[2] ~= '' then
  local known = redis.call('HGET', KEYS[1], ARGV[1])
  if not known or revisionOf(known) <= revisionOf(ARGV[2]) then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    redis.call('ZADD', KEYS[2], 0, ARGV[1])
    redis.call('ZADD', KEYS[3], 0, ARGV[1])
  end
end
redis.call('ZREM', KEYS[4], ARGV[1] .. '|' .. ARGV[3])
return 1
