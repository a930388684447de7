-- Asks whether a lease is still the newest of its node, as far as its slot has heard.
--
-- KEYS[1]  newest fences, as a hash of endpoint to fence
-- ARGV[1]  endpoint
-- ARGV[2]  fence
-- Answer   1, or 0 when the lease was lost

-- @include fence
return isStale(KEYS[1], ARGV[1], ARGV[2]) and 0 or 1
