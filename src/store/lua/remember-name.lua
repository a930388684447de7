-- Notes which name a node goes by, and answers every name that is its own. A name is that of the node
-- which had it last: where names move between machines, the calls under one belong to its newest holder.
--
-- KEYS[1]  nodes' names, as a hash of name to '<ms since the epoch>|<endpoint>'
-- ARGV[1]  endpoint
-- ARGV[2]  name
-- ARGV[3]  ms that a name is remembered
-- ARGV[4]  names remembered of one endpoint at most
-- Answer   { names, newest first }

local endpoint, name = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], name, string.format('%.0f|%s', now, endpoint))
redis.call('PEXPIRE', KEYS[1], ARGV[3])

local own = {}
local entries = redis.call('HGETALL', KEYS[1])
for index = 1, #entries, 2 do
  local at, holder = string.match(entries[index + 1], '^(%d+)|(.*)$')
  at = tonumber(at)
  if at + tonumber(ARGV[3]) <= now then
    redis.call('HDEL', KEYS[1], entries[index])
  elseif holder == endpoint then
    table.insert(own, { name = entries[index], at = at })
  end
end
-- The name of this moment comes first, also among those of one millisecond.
table.sort(own, function(one, other)
  if (one.name == name) ~= (other.name == name) then return one.name == name end
  if one.at ~= other.at then return one.at > other.at end
  return one.name < other.name
end)
local names = {}
for index, entry in ipairs(own) do
  if index <= tonumber(ARGV[4]) then
    table.insert(names, entry.name)
  else
    redis.call('HDEL', KEYS[1], entry.name)
  end
end
return names
