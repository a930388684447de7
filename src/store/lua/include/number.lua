-- Names and shapes of everything on one virtual number. KEYS[1] is the number's record,
-- maskline:{<E.164>}; every other key begins with it, so all of them are in its slot.
local base = KEYS[1]

-- How long, in milliseconds, something expired is still left in the indexes. Controllers' clocks
-- differ a little; what one of them thinks expired must not vanish for another.
local SLACK = 10000

-- Live sessions: id by expiry. Sessions that ask for PINs, and sessions that have an announcement
-- for unknown callers: id by creation.
local sessionsKey = base .. ':sessions'
local gatesKey = base .. ':gates'
local announcersKey = base .. ':announcers'
-- Sessions whose parties keep the number for a while after: id by until when.
local coolingKey = base .. ':cooling'
-- Sessions whose expiry was not reported: id by expiry.
local dueKey = base .. ':due'
-- Sessions that need the number's unknown callers, by until when: all PIN sessions, those with an
-- announcement, and the one that unknown callers reach.
local strangersKey = base .. ':strangers'

local function sessionKey(id) return base .. ':session:' .. id end
-- There once nobody awaits the claim of this session any more.
local function givenUpKey(id) return base .. ':given-up:' .. id end
-- Ids of a session's newest interactions, newest last.
local function callsKey(id) return base .. ':calls:' .. id end
local function callKey(id) return base .. ':call:' .. id end
-- Interactions that run, by when their claims lapse.
local runningKey = base .. ':running'
local function recordingKey(id) return base .. ':recording:' .. id end
-- Routes: who leads where, by token.
local function partyKey(token) return base .. ':party:' .. token end
local function pinKey(token) return base .. ':pin:' .. token end
-- Calls a second: of the number, and of a session.
local function rateKey(who) return base .. ':rate:' .. who end
-- The route of unknown callers: to the session that has them for itself, as its missing party.
local openKey = base .. ':open'
-- Live PINs of one length: '<session>:<party>' by expiry.
local function pinsKey(length) return base .. ':pins:' .. length end

local function ms(number) return string.format('%.0f', number) end

-- A route is '<session>|<party>|<expires at>|<held until>'; held goes on past expiry by the cool-off.
local function routeAt(key)
  local value = redis.call('GET', key)
  if not value then return nil end
  local session, party, expires, held = string.match(value, '^([^|]*)|([^|]*)|([^|]*)|([^|]*)$')
  return { session = session, party = party, expires = tonumber(expires), held = tonumber(held) }
end

-- The live route under any of the tokens (one per data key).
local function liveRoute(keyOf, tokens, now)
  for _, token in ipairs(tokens) do
    local route = routeAt(keyOf(token))
    if route and now < route.expires then return route end
  end
  return nil
end

-- { doc, callCount, billedDuration, lastInteractionAt, claimUntil, peer, endedBy, callAmount }, or false.
local function sessionFields(id)
  local fields = redis.call('HMGET', sessionKey(id),
    'doc', 'callCount', 'billedDuration', 'lastInteractionAt', 'claimUntil', 'peer', 'endedBy', 'callAmount')
  return fields[1] and fields
end

-- Lets a key live for at least ttl milliseconds more.
local function keep(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ms(ttl)) end
end

-- The same of an index, whose members count by their scores, however long it is there: for a minute more, so that not
-- every session that comes has to prolong it.
local kept = {}
local function keepIndex(key, ttl)
  if (kept[key] or -1) >= ttl then return end
  local left = redis.call('PTTL', key)
  if left < ttl then
    left = ttl + 60000
    redis.call('PEXPIRE', key, ms(left))
  end
  -- While this script runs, Redis' clock stands still.
  kept[key] = left
end
