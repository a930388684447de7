-- The clock of the Redis that a number is on.
--
-- KEYS[1]  the number's record
-- Answer   { seconds since the epoch, microseconds }

return redis.call('TIME')
