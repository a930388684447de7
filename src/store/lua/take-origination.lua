-- Takes the job that has waited longest. It comes back once its time is over, unless it is done by then.
--
-- KEYS[1]  ids by the instant from which they may be taken
-- KEYS[2]  jobs
-- KEYS[3]  newest fences, as a hash of endpoint to fence
-- ARGV[1]  now, ms
-- ARGV[2]  ms until a job that was taken comes back
-- ARGV[3]  ms after its instant at which a job is too old
-- ARGV[4]  endpoint of the node that is to place it
-- ARGV[5]  fence of that node's lease
-- Answer   { job as JSON or false, { jobs that were too old and are gone, at most 100 } }, or false when the lease was lost

-- @include fence
if isStale(KEYS[3], ARGV[4], ARGV[5]) then return false end
local now = tonumber(ARGV[1])
local dropped = {}
while #dropped < 100 do
  local id = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1)[1]
  if not id then return { false, dropped } end
  local job = redis.call('HGET', KEYS[2], id)
  if job and now < cjson.decode(job).at + tonumber(ARGV[3]) then
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), id)
    return { job, dropped }
  end
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  if job then table.insert(dropped, job) end
end
return { false, dropped }
