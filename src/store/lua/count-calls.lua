-- Adds to what is counted of an hour.
--
-- KEYS[1]  the hour
-- ARGV[1]  ms that it lives from now on
-- ARGV[2…] pairs of what and how many
-- Answer   1

for index = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[index], ARGV[index + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
