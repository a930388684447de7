-- Notes that a person was given a number.
--
-- KEYS[1]  numbers that the person was given, by when
-- KEYS[2]  numbers that cannot be given to the person, by until when
-- ARGV[1]  number, E.164
-- ARGV[2]  now, ms
-- ARGV[3]  held until, ms
-- ARGV[4]  ms that the first is remembered
-- ARGV[5]  numbers remembered at most
-- Answer   1

-- Most persons come for the first time, and have nothing that could have to give way.
local function note(key, score, ttl)
  local left = redis.call('PTTL', key)
  local isMore = redis.call('ZADD', key, score, ARGV[1]) == 1 and left ~= -2
  if isMore then redis.call('ZREMRANGEBYRANK', key, 0, -tonumber(ARGV[5]) - 1) end
  if left < ttl then redis.call('PEXPIRE', key, string.format('%.0f', ttl)) end
  return left ~= -2
end
note(KEYS[1], ARGV[2], tonumber(ARGV[4]))
local wereHeld = note(KEYS[2], ARGV[3], math.max(1, tonumber(ARGV[3]) - tonumber(ARGV[2])))
-- After what is new was added: a key that is emptied in between would come back without its end.
if wereHeld then redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2]) end
return 1
