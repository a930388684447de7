-- Removes a recording's document. The interaction still knows that it was entered once.
--
-- KEYS[1]  the number's record
-- ARGV[1]  recording id
-- Answer   1, or 0 when there was none

-- @include number
return redis.call('DEL', recordingKey(ARGV[1]))
