-- Whether a request comes from a lease that was lost: a newer one of the same node has been here before.
-- `key` is a hash of endpoint to the newest fence that came; it outlives whoever may still come back.
local function isStale(key, endpoint, fence)
  local newest = tonumber(redis.call('HGET', key, endpoint) or '0')
  if tonumber(fence) > newest then
    redis.call('HSET', key, endpoint, fence)
    redis.call('PEXPIRE', key, 2592000000)
  end
  return tonumber(fence) < newest
end
