-- Notes how far an interaction has come; never backwards, and never for one that did not begin.
--
-- KEYS[1]  the number's record
-- ARGV[1]  interaction id
-- ARGV[2]  stage
-- ARGV[3]  since, ms
-- Answer   1 when the stage was reached now, or 0

-- @include number
-- @include call
local call = callKey(ARGV[1])
local current = redis.call('HGET', call, 'stage')
if not current then return 0 end
-- Events may come late: the instant counts even when a later stage is known.
if ARGV[2] == 'connected' then connectedAt(call, tonumber(ARGV[3])) end
if RANK[ARGV[2]] <= RANK[current] then return 0 end
redis.call('HSET', call, 'stage', ARGV[2])
return 1
