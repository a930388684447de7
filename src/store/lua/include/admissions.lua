-- The calls that run, on all numbers: counted as a whole, per node and per subaccount. A call is counted for as long as
-- it has an entry, and an entry ends with its claim, so that nothing counts for ever.
local base = KEYS[1]
-- Entries by id: '<began at, s>|<subaccount>|<node>'; when their claims lapse; what they sum up to.
local callsKey, untilKey, runningKey = base .. ':calls', base .. ':until', base .. ':running'
-- A call whose claim lapsed may have talked all the same: its record is counted if it comes within a day, in ms.
local LATE = 24 * 3600 * 1000

local function ms(number) return string.format('%.0f', number) end
local function lateKey(id) return base .. ':late:' .. id end
-- Seconds talked on a day: 'total' and by subaccount.
local function talkedKey(day) return base .. ':talked:' .. day end

local function add(field, by)
  if redis.call('HINCRBY', runningKey, field, ms(by)) == 0 then redis.call('HDEL', runningKey, field) end
end

-- Counts the entry in (1) or out (-1).
local function count(entry, sign)
  local began, subaccount, node = string.match(entry, '^(%d+)|([^|]*)|(.*)$')
  for _, scope in ipairs(subaccount == '' and { 'total' } or { 'total', 'subaccount:' .. subaccount }) do
    add(scope, sign)
    add(scope .. ':began', sign * tonumber(began))
  end
  add('node:' .. node, sign)
  return subaccount
end

-- Ends an entry; answers its subaccount, or nil when there is none.
local function leave(id)
  local entry = redis.call('HGET', callsKey, id)
  if not entry then return nil end
  redis.call('HDEL', callsKey, id)
  redis.call('ZREM', untilKey, id)
  return count(entry, -1)
end
