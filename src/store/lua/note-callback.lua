-- Notes what came of an attempt to deliver a callback. An attempt of an earlier round, before the callback was
-- to be sent again, changes its state no more; neither does one that comes after the callback was delivered.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  sequence number
-- ARGV[3]  round that the attempt belongs to
-- ARGV[4]  its state from now on
-- ARGV[5]  sealed attempt
-- ARGV[6]  attempts that are kept, newest last
-- ARGV[7]  settled callbacks that are kept
-- Answer   1, or 0 when the callback is not known any more

-- @include number
-- @include callbacks
local id, sequence = ARGV[1], ARGV[2]
local log = callbacksKey(id)
if redis.call('HEXISTS', log, sequence) == 0 then return 0 end
addAttempt(id, sequence, ARGV[5], tonumber(ARGV[6]))
if roundOf(id, sequence) ~= tonumber(ARGV[3]) then return 1 end
if redis.call('HGET', log, stateField(sequence)) == 'delivered' then return 1 end
setState(id, sequence, ARGV[4], tonumber(ARGV[7]))
return 1
