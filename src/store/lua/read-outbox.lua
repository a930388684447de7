-- The oldest entries of a number's outbox, each with what is known of its session and its interaction.
--
-- KEYS[1]  the number's record
-- ARGV[1]  entries to leave out at the head: they wait for something
-- ARGV[2]  entries at most
-- Answer   { entries lost since this was last asked, { { entry, session or false, { fields and values of
--            the interaction } }, … } } with a session as in route

-- @include number
-- @include outbox
local from = tonumber(ARGV[1])
local found = {}
for _, entry in ipairs(redis.call('LRANGE', outboxKey, from, from + tonumber(ARGV[2]) - 1)) do
  -- One that is no entry is the reader's to deal with, and hides none after it.
  local isJson, event = pcall(cjson.decode, entry)
  if isJson and type(event) == 'table' and type(event.session) == 'string' and type(event.call) == 'string' then
    local call = event.call ~= '' and redis.call('HGETALL', base .. ':call:' .. event.call) or {}
    table.insert(found, { entry, sessionFields(event.session), call })
  else
    table.insert(found, { entry, false, {} })
  end
end
local lost = redis.call('GET', outboxKey .. ':lost')
if lost then redis.call('DEL', outboxKey .. ':lost') end
return { tonumber(lost or '0'), found }
