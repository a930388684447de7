-- Counts a call in, unless a limit of the installation, of its node or of its subaccount is reached.
--
-- KEYS[1]  the limits
-- ARGV[1]  interaction id
-- ARGV[2]  now, ms
-- ARGV[3]  the claim lapses at, ms
-- ARGV[4]  node
-- ARGV[5]  subaccount, or ''
-- ARGV[6]  UTC day of now
-- ARGV[7..9]   calls at a time: of a subaccount, of a node, in all; here and below 0 for no limit
-- ARGV[10..12] calls a second, in the same order
-- ARGV[13..14] seconds of talk in a day: of a subaccount, in all
-- Answer   { name of the limit that is reached }, or { false, seconds that are left of the day's, or '' }

-- @include admissions
-- @include rate
local id, now, node, subaccount = ARGV[1], tonumber(ARGV[2]), ARGV[4], ARGV[5]
local function limit(index) return tonumber(ARGV[index]) end
-- A few at a time, so that no caller waits for many.
for _, lapsed in ipairs(redis.call('ZRANGEBYSCORE', untilKey, '-inf', ms(now), 'LIMIT', 0, 20)) do
  redis.call('SET', lateKey(lapsed), leave(lapsed) or '', 'PX', LATE)
end

-- What is left of a day's seconds once those who talk now are counted: from when their calls began.
local second = math.floor(now / 1000)
local function left(scope, field, most)
  if most == 0 then return math.huge end
  local talked = tonumber(redis.call('HGET', talkedKey(ARGV[6]), field) or '0')
  local running = redis.call('HMGET', runningKey, scope, scope .. ':began')
  return most - talked - math.max(0, (tonumber(running[1]) or 0) * second - (tonumber(running[2]) or 0))
end
local scope = 'subaccount:' .. subaccount
local ofSubaccount = subaccount == '' and math.huge or left(scope, subaccount, limit(13))
local inAll = left('total', 'total', limit(14))
local least = math.min(ofSubaccount, inAll)

-- A call that was admitted goes on: a repeated question prolongs its entry and changes nothing else.
local isNew = redis.call('HEXISTS', callsKey, id) == 0
if isNew then
  local function isFull(field, most) return most > 0 and tonumber(redis.call('HGET', runningKey, field) or '0') >= most end
  local rates = { base .. ':rate:' .. scope, base .. ':rate:node:' .. node, base .. ':rate:total' }
  local own = subaccount ~= ''
  if own and isFull(scope, limit(7)) then return { 'MAX_CALLS_PER_SUBACCOUNT' } end
  if isFull('node:' .. node, limit(8)) then return { 'MAX_CALLS_PER_NODE' } end
  if isFull('total', limit(9)) then return { 'MAX_CALLS_TOTAL' } end
  if own and isSpent(rates[1], limit(10)) then return { 'CALL_RATE_PER_SUBACCOUNT' } end
  if isSpent(rates[2], limit(11)) then return { 'CALL_RATE_PER_NODE' } end
  if isSpent(rates[3], limit(12)) then return { 'CALL_RATE_TOTAL' } end
  if ofSubaccount <= 0 then return { 'DAILY_MINUTES_PER_SUBACCOUNT' } end
  if inAll <= 0 then return { 'DAILY_MINUTES_TOTAL' } end
  if own then spend(rates[1], limit(10)) end
  spend(rates[2], limit(11))
  spend(rates[3], limit(12))
  local entry = table.concat({ ms(second), subaccount, node }, '|')
  redis.call('HSET', callsKey, id, entry)
  count(entry, 1)
end
redis.call('ZADD', untilKey, ARGV[3], id)
return { false, least == math.huge and '' or ms(least) }
