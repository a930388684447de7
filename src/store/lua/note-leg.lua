-- Notes that a B leg is up, if its interaction is listed.
--
-- KEYS[1]  interactions that run on the node, as a hash of id to JSON
-- KEYS[2]  B legs that are up on it, as a hash of UUID to JSON
-- ARGV[1]  interaction id
-- ARGV[2]  the leg's channel UUID
-- ARGV[3]  the leg as JSON; what was noted first stays
-- Answer   the interaction as JSON, or false when it is not listed

local interaction = redis.call('HGET', KEYS[1], ARGV[1])
if interaction then redis.call('HSETNX', KEYS[2], ARGV[2], ARGV[3]) end
return interaction
