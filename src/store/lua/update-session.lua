-- Changes a live session: everything that ends with it moves to its new expiry. A party that is filled
-- in claims its route as with a new session.
--
-- KEYS[1]  the number's record
-- ARGV[1]  session id
-- ARGV[2]  now, ms
-- ARGV[3]  the session expires at, ms
-- ARGV[4]  its parties keep the number (cool-off) until, ms
-- ARGV[5]  ms that the session stays readable once expired
-- ARGV[6]  sealed document
-- ARGV[7]  sealed document that it was made from
-- ARGV[8]  JSON of tokens as in claim
-- ARGV[9]  'first' or 'second': the party that is filled in, or ''
-- Answer   { 'updated', revision }, { 'not-found' }, { 'expired' }, { 'changed' } (the document is another
--          one by now), or { 'party-taken' }

-- @include number
-- @include routes
local id, now, expires, held = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tokens = cjson.decode(ARGV[8])
local state = redis.call('HMGET', sessionKey(id), 'doc', 'expiresAt')
if not state[1] then return { 'not-found' } end
if now >= tonumber(state[2]) then return { 'expired' } end
if state[1] ~= ARGV[7] then return { 'changed' } end

-- By another controller's clock it may have been over, and its routes another session's by now.
for _, party in ipairs({ 'first', 'second' }) do
  if party ~= ARGV[9] and not isOwn(partyKey, tokens[party], id) then return { 'expired' } end
  if not isOwn(pinKey, tokens[party .. 'Pin'], id) then return { 'expired' } end
end
if ARGV[9] ~= '' and isTaken(partyKey, tokens[ARGV[9]], id, now) then return { 'party-taken' } end

redis.call('HSET', sessionKey(id), 'doc', ARGV[6], 'expiresAt', ms(expires), 'hooks', tokens.hooks)
keepSession(id, expires - now + tonumber(ARGV[5]))
writeSession(id, tokens, expires, held, now)
local indexTtl = expires - now + SLACK
if redis.call('ZSCORE', gatesKey, id) then keepIndex(gatesKey, indexTtl) end
if redis.call('ZSCORE', announcersKey, id) then keepIndex(announcersKey, indexTtl) end
if redis.call('ZSCORE', strangersKey, id) then
  local open = routeAt(openKey)
  local isOpen = open and open.session == id
  if isOpen then writeAt(openKey, id, open.party, expires, held, now) end
  local needed = isOpen and held or expires
  redis.call('ZADD', strangersKey, ms(needed), id)
  keepIndex(strangersKey, needed - now + SLACK)
end
return { 'updated', redis.call('HINCRBY', sessionKey(id), 'revision', 1) }
