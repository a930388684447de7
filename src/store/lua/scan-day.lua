-- Reads a chunk of a day's sessions, newest first, and picks those that a query asks for.
--
-- KEYS[1]  the day's order
-- KEYS[2]  the day's entries
-- ARGV[1]  lowest member, and ARGV[2] highest, as bounds of ZRANGEBYLEX
-- ARGV[3]  JSON { known: { member: true when it is asked for, decided by the caller }, accounts: { id: true } or
--          false for all, number: E.164 or '', first, second: { token: true } or false, status: 'active',
--          'expired' or 'all', now, goneBefore: expiry of sessions that are forgotten by now,
--          expiry, duration: { min, max } both inclusive }
-- ARGV[4]  sessions asked for to skip
-- ARGV[5]  sessions to read at most
-- ARGV[6]  members to look at
-- Answer   { sessions asked for, { member, entry, … }, last member looked at or '' when there are no more }

local query = cjson.decode(ARGV[3])
local skip, take, chunk = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local members = redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[2], ARGV[1], 'LIMIT', 0, chunk)
if #members == 0 then return { 0, {}, '' } end
local entries = redis.call('HMGET', KEYS[2], unpack(members))

local function isWithin(value, range) return value >= range.min and value <= range.max end
local function isAsked(member, entry)
  local number, account, first, second, expires = string.match(entry, '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|(%d+)|')
  expires = tonumber(expires)
  if expires <= query.goneBefore then return false end
  if query.accounts and not query.accounts[account] then return false end
  if query.number ~= '' and query.number ~= number then return false end
  if query.first and not query.first[first] then return false end
  if query.second and not query.second[second] then return false end
  if query.status == 'active' and expires <= query.now then return false end
  if query.status == 'expired' and expires > query.now then return false end
  if not isWithin(expires, query.expiry) then return false end
  local created = tonumber(string.sub(member, 1, 15))
  return isWithin(math.floor(expires / 1000) - math.floor(created / 1000), query.duration)
end

local count, page = 0, {}
for index, member in ipairs(members) do
  local entry = entries[index]
  local asked = query.known[member]
  if asked == nil then asked = entry and isAsked(member, entry) end
  if asked then
    count = count + 1
    if count > skip and #page < 2 * take then
      table.insert(page, member)
      table.insert(page, entry or '')
    end
  end
end
return { count, page, #members == chunk and members[#members] or '' }
