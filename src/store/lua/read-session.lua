-- A session with its newest interactions.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- Answer   { session as in route or false, { id, { fields and values of the interaction }, id, … } newest last }

-- @include number
local calls = {}
for _, id in ipairs(redis.call('LRANGE', callsKey(ARGV[1]), 0, -1)) do
  table.insert(calls, id)
  table.insert(calls, redis.call('HGETALL', callKey(id)))
end
return { sessionFields(ARGV[1]), calls }
