-- Writes what became of sessions, unless something newer is known, and ends operations on their entries.
--
-- KEYS[1]  the day's entries
-- KEYS[2]  the day's order, of all accounts
-- KEYS[3]  the day's order, of the account
-- KEYS[4]  what is pending on the day
-- ARGV     for each: member; entry, its last part the revision, or '' when that of the operation is right as it is,
--          or nothing became of it; operation
-- Answer   1

local function revisionOf(entry) return tonumber(string.match(entry, '|(%d+)$')) end
for index = 1, #ARGV, 3 do
  local member, entry, operation = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  if entry ~= '' then
    local known = redis.call('HGET', KEYS[1], member)
    if not known or revisionOf(known) <= revisionOf(entry) then
      redis.call('HSET', KEYS[1], member, entry)
      redis.call('ZADD', KEYS[2], 0, member)
      redis.call('ZADD', KEYS[3], 0, member)
    end
  end
  redis.call('ZREM', KEYS[4], member .. '|' .. operation)
end
return 1
