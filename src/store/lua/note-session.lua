-- Notes something about a session. What was noted before under the same key is counted, not repeated.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  key of the note
-- ARGV[3]  text
-- ARGV[4]  now, ms
-- ARGV[5]  notes that a session keeps at most; the one that was last true longest ago gives way
-- Answer   1, or 0 when the session is not known

-- @include number
local key = sessionKey(ARGV[1])
if redis.call('EXISTS', key) == 0 then return 0 end

local notes = cjson.decode(redis.call('HGET', key, 'notes') or '[]')
local found
for _, note in ipairs(notes) do
  if note.key == ARGV[2] then found = note end
end
if found then
  found.text, found.last, found.count = ARGV[3], ARGV[4], found.count + 1
else
  table.insert(notes, { key = ARGV[2], text = ARGV[3], first = ARGV[4], last = ARGV[4], count = 1 })
end
table.sort(notes, function(one, other) return tonumber(one.last) < tonumber(other.last) end)
while #notes > tonumber(ARGV[5]) do table.remove(notes, 1) end
redis.call('HSET', key, 'notes', cjson.encode(notes))
return 1
