-- Puts entries at the end of the feed, and lets about as many of its oldest go as are too many.
--
-- KEYS[1]  the feed
-- ARGV[1]  entries that it holds at least
-- ARGV[2…] entries as JSON
-- Answer   1

for index = 2, #ARGV do redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 's', ARGV[index]) end
return 1
