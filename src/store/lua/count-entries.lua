-- Where the entries of a span of time stand in a listing, newest first.
--
-- KEYS[1]  listing
-- ARGV[1]  from, as ZCOUNT takes it: '-inf', ms, or '(' and ms
-- ARGV[2]  until, likewise
-- Answer   { entries that are newer than the span, entries in it }

local newer = ARGV[2] == '+inf' and 0
  or redis.call('ZCOUNT', KEYS[1], string.sub(ARGV[2], 1, 1) == '(' and string.sub(ARGV[2], 2) or '(' .. ARGV[2], '+inf')
return { newer, redis.call('ZCOUNT', KEYS[1], ARGV[1], ARGV[2]) }
