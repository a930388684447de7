-- The session whose PIN was right in an attempt that was carried on with another question. For a wrong PIN it is
-- some other session, so that both take the same work.
--
-- KEYS[1]  the number's record
-- ARGV[1]  the call's channel UUID and the attempt's number
-- Answer   { 1 when the PIN was right or 0, party, session as in route or false }

-- @include number
-- @include hours
-- @include guard
local outcome = redis.call('GET', attemptKey(ARGV[1])) or ''
local id, party = string.match(outcome, '^[^|]*|([^|]+)|([^|]+)$')
if id then return { 1, party, sessionFields(id) } end
local other = redis.call('ZREVRANGE', gatesKey, 0, 0)[1]
return { 0, 'first', other and sessionFields(other) }
