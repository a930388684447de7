-- One recording.
--
-- KEYS[1]  the number's record
-- ARGV[1]  recording id
-- Answer   its sealed document, or false

-- @include number
return redis.call('GET', recordingKey(ARGV[1]))
