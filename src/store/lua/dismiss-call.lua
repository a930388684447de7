-- Counts a call out that was counted in, and what was talked in it, once.
--
-- KEYS[1]  the limits
-- ARGV[1]  interaction id
-- ARGV[2]  seconds talked
-- ARGV[3]  UTC day of its end
-- Answer   1, or 0 when it was not counted in or was counted out before

-- @include admissions
-- Two days: a controller's clock may say that it is still yesterday.
local KEPT = 2 * 24 * 3600 * 1000
local subaccount = leave(ARGV[1])
if not subaccount then
  subaccount = redis.call('GET', lateKey(ARGV[1]))
  redis.call('DEL', lateKey(ARGV[1]))
end
if not subaccount then return 0 end
if tonumber(ARGV[2]) > 0 then
  local talked = talkedKey(ARGV[3])
  redis.call('HINCRBY', talked, 'total', ARGV[2])
  if subaccount ~= '' then redis.call('HINCRBY', talked, subaccount, ARGV[2]) end
  redis.call('PEXPIRE', talked, KEPT)
end
return 1
