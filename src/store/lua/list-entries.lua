-- Puts entries into listings, and takes a bounded part of what is too old out of each.
--
-- KEYS     listings, all of one slot, each once
-- ARGV[1]  ms that a listing lives after its last entry; '' for ever
-- ARGV[2…] for each entry: the entry, its instant in ms, before which instant the older ones go in ms ('' to keep
--          everything), how many listings it goes into, and each of these by its place among KEYS
-- Answer   1

-- What goes from a listing for each entry that comes, at most.
local OLD = 20
local limits, room = {}, {}
local index = 2
while index <= #ARGV do
  local entry, at, limit, listings = ARGV[index], ARGV[index + 1], tonumber(ARGV[index + 2]), tonumber(ARGV[index + 3])
  for place = index + 4, index + 3 + listings do
    local key = KEYS[tonumber(ARGV[place])]
    redis.call('ZADD', key, at, entry)
    room[key] = (room[key] or 0) + OLD
    if limit then limits[key] = math.max(limit, limits[key] or limit) end
  end
  index = index + 4 + listings
end
for _, key in ipairs(KEYS) do
  if limits[key] then
    local newest = string.format('%.0f', limits[key])
    local old = redis.call('ZRANGEBYSCORE', key, '-inf', newest, 'LIMIT', 0, room[key])
    if #old > 0 then redis.call('ZREM', key, unpack(old)) end
  end
  if ARGV[1] ~= '' then redis.call('PEXPIRE', key, ARGV[1]) end
end
return 1
