-- Remembers until when prompt URLs are needed. An instant never moves back.
--
-- KEYS[1]  tokens by the instant until which they are needed
-- KEYS[2]  sealed URLs by token
-- ARGV[1]  now, ms
-- ARGV[2]  needed until, ms
-- ARGV[3]  URLs kept at most; the one that is needed for the shortest time gives way
-- ARGV[4…] token, sealed URL, token, …
-- Answer   1

for index = 4, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[index])
  redis.call('HSETNX', KEYS[2], ARGV[index], ARGV[index + 1])
end
-- A bounded part of the expired leaves with each that comes, so they cannot grow.
local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 50)
local surplus = redis.call('ZCARD', KEYS[1]) - #over - tonumber(ARGV[3])
if surplus > 0 then over = redis.call('ZRANGE', KEYS[1], 0, #over + surplus - 1) end
for _, token in ipairs(over) do
  redis.call('ZREM', KEYS[1], token)
  redis.call('HDEL', KEYS[2], token)
end
return 1
