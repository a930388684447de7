-- Callbacks of a session's log, newest first.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  sequence number of the only one that is wanted, or ''
-- ARGV[3]  newest ones to leave out
-- ARGV[4]  callbacks at most
-- Answer   { how many the log holds, how many found no place anywhere, { { sequence number, record, state,
--            attempts or false, round }, … } }

-- @include number
-- @include callbacks
local log = callbacksKey(ARGV[1])
local function read(sequence)
  local fields = redis.call('HMGET', log, sequence, stateField(sequence), triesField(sequence))
  return { sequence, fields[1], fields[2], fields[3], roundOf(ARGV[1], sequence) }
end
if ARGV[2] ~= '' then
  if redis.call('HEXISTS', log, ARGV[2]) == 0 then return { 0, 0, {} } end
  return { 1, 0, { read(ARGV[2]) } }
end
local known = {}
for _, field in ipairs(redis.call('HKEYS', log)) do
  if not string.find(field, ':', 1, true) then table.insert(known, tonumber(field)) end
end
table.sort(known, function(one, other) return one > other end)
local page = {}
for index = tonumber(ARGV[3]) + 1, math.min(#known, tonumber(ARGV[3]) + tonumber(ARGV[4])) do
  table.insert(page, read(string.format('%d', known[index])))
end
return { #known, tonumber(redis.call('HGET', sessionKey(ARGV[1]), 'lost') or '0'), page }
