-- Puts an entry into listings, and takes a bounded part of what is too old out of each.
--
-- KEYS     listings, all of one slot
-- ARGV[1]  entry
-- ARGV[2]  its instant, ms
-- ARGV[3]  what is older than this instant goes, ms; '' to keep everything
-- ARGV[4]  ms that a listing lives after its last entry; '' for ever
-- Answer   1

for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, ARGV[2], ARGV[1])
  if ARGV[3] ~= '' then
    local old = redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[3], 'LIMIT', 0, 20)
    if #old > 0 then redis.call('ZREM', key, unpack(old)) end
  end
  if ARGV[4] ~= '' then redis.call('PEXPIRE', key, ARGV[4]) end
end
return 1
