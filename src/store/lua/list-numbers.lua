-- The inventory, unless the caller's copy is the newest.
--
-- KEYS[1]  inventory
-- KEYS[2]  its version
-- ARGV[1]  version of the caller's copy, or ''
-- Answer   { version or '' } when the copy is good, else { version or '', { record as JSON, … } }

local version = redis.call('GET', KEYS[2]) or ''
if version == ARGV[1] then return { version } end
return { version, redis.call('HVALS', KEYS[1]) }
