-- A part of the prompt URLs that are needed at an instant, by token.
--
-- KEYS[1]  tokens by the instant until which they are needed
-- KEYS[2]  sealed URLs by token
-- ARGV[1]  now, ms
-- ARGV[2]  skipped
-- ARGV[3]  at most
-- Answer   { sealed URL or false, … }

local tokens = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'LIMIT', ARGV[2], ARGV[3])
if #tokens == 0 then return {} end
return redis.call('HMGET', KEYS[2], unpack(tokens))
