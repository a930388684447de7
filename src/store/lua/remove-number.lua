-- Gives a number up, unless sessions live on it. What is known of ended sessions stays for its time.
--
-- KEYS[1]  the number's record
-- ARGV[1]  now, ms
-- Answer   'removed', 'not-found' or 'in-use'

-- @include number
if redis.call('EXISTS', base) == 0 then return 'not-found' end
if redis.call('ZCOUNT', sessionsKey, '(' .. ARGV[1], '+inf') > 0 then return 'in-use' end
redis.call('DEL', base)
return 'removed'
