-- Whether a session could be claimed now. Takes nothing.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  now, ms
-- ARGV[3]  calls at a time on the number; here and below 0 for no limit
-- ARGV[4]  calls a second of the session
-- ARGV[5]  calls a second on the number
-- Answer   'begun', 'busy', 'gone', or the name of the limit that is reached

-- @include number
-- @include call
-- @include rate
-- @include claim
local _, refusal = claimOf(ARGV[1], '', tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]))
return refusal or 'begun'
