-- Puts a changed document in the place of a recording's, if that is still the one that was read.
--
-- KEYS[1]  the number's record
-- ARGV[1]  recording id
-- ARGV[2]  sealed document that was read
-- ARGV[3]  sealed document to be there instead
-- Answer   1, or 0 when it has changed meanwhile, and -1 when there is none any more

-- @include number
local found = redis.call('GET', recordingKey(ARGV[1]))
if not found then return -1 end
if found ~= ARGV[2] then return 0 end
redis.call('SET', recordingKey(ARGV[1]), ARGV[3])
return 1
