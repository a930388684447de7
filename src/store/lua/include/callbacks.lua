-- The log of a session's callbacks: a hash with, for each by its sequence number, the sealed record, its
-- state ('queued', 'delivered' or 'failed') and its sealed attempts, a line each. Needs the include "number".
local function callbacksKey(sessionId) return base .. ':callbacks:' .. sessionId end
local function stateField(sequence) return sequence .. ':state' end
local function triesField(sequence) return sequence .. ':tries' end
