-- Counts the sessions of a day between two instants and reads a page of them, newest first. Its cost does
-- not grow with their number.
--
-- KEYS[1]  the day's order
-- KEYS[2]  the day's entries
-- ARGV[1]  lowest member, and ARGV[2] highest, as bounds of ZRANGEBYLEX
-- ARGV[3]  JSON list of members that do not count
-- ARGV[4]  sessions to skip
-- ARGV[5]  sessions to read at most
-- Answer   { count, { member, entry, … } }

local min, max, skip, take = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local count = redis.call('ZLEXCOUNT', KEYS[1], min, max)
-- Where, from the newest, a member of the page would be: ranks go over the whole day.
local newer = redis.call('ZLEXCOUNT', KEYS[1], string.sub(max, 1, 1) == '(' and '[' .. string.sub(max, 2) or '+', '+')
local out, ranks = {}, {}
for _, member in ipairs(cjson.decode(ARGV[3])) do
  local rank = redis.call('ZREVRANK', KEYS[1], member)
  if rank and rank >= newer and rank < newer + count then
    out[member] = true
    table.insert(ranks, rank)
  end
end
local total = count - #ranks
if take == 0 or skip >= total then return { total, {} } end
table.sort(ranks)
local from = newer + skip
for _, rank in ipairs(ranks) do
  if rank <= from then from = from + 1 end
end
local to = math.min(from + take + #ranks, newer + count) - 1
local page = {}
for _, member in ipairs(redis.call('ZREVRANGE', KEYS[1], from, to)) do
  if #page < 2 * take and not out[member] then
    table.insert(page, member)
    table.insert(page, redis.call('HGET', KEYS[2], member) or '')
  end
end
return { total, page }
