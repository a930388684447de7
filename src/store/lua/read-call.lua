-- One interaction.
--
-- KEYS[1]  the number's record
-- ARGV[1]  interaction id
-- Answer   its fields and values in turn; empty when it is not known

-- @include number
return redis.call('HGETALL', callKey(ARGV[1]))
