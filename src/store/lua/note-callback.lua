-- Notes what came of a callback.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  sequence number
-- ARGV[3]  its state from now on
-- ARGV[4]  sealed attempt, or '' for none
-- ARGV[5]  attempts that are kept, newest last
-- Answer   1, or 0 when the callback is not known any more

-- @include number
-- @include callbacks
local log = callbacksKey(ARGV[1])
if redis.call('HEXISTS', log, ARGV[2]) == 0 then return 0 end
redis.call('HSET', log, stateField(ARGV[2]), ARGV[3])
if ARGV[4] ~= '' then
  local lines = {}
  for line in string.gmatch(redis.call('HGET', log, triesField(ARGV[2])) or '', '[^\n]+') do
    table.insert(lines, line)
  end
  table.insert(lines, ARGV[4])
  local from = math.max(1, #lines - tonumber(ARGV[5]) + 1)
  redis.call('HSET', log, triesField(ARGV[2]), table.concat(lines, '\n', from))
end
return 1
