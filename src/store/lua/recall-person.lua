-- What remember-person noted.
--
-- KEYS[1]  numbers that the person was given, by when
-- KEYS[2]  numbers that cannot be given to the person, by until when
-- ARGV[1]  now, ms
-- Answer   { { number, when, … }, { number, until when, … } }

return {
  redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES'),
  redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES'),
}
