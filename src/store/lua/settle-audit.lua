-- Writes what became of changes in place of their entries. One that is not there any more stays away.
--
-- KEYS[1]  the day
-- ARGV     for each: entry; entry with its outcome, or '' when nothing was changed; its instant, ms
-- Answer   how many entries were there

local present = 0
for index = 1, #ARGV, 3 do
  if redis.call('ZREM', KEYS[1], ARGV[index]) == 1 then
    present = present + 1
    if ARGV[index + 1] ~= '' then redis.call('ZADD', KEYS[1], ARGV[index + 2], ARGV[index + 1]) end
  end
end
return present
