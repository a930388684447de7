import { MasklineError } from '../errors.js';

/** REDIS_URL cannot be understood. The message never repeats the URL: it may hold a password. */
export class BadRedisUrlError extends MasklineError {
  readonly code = 'ERR_BAD_REDIS_URL';
}

/** DATA_KEYS is empty, repeats a key, or holds one that is not 32 bytes in base64. */
export class BadDataKeysError extends MasklineError {
  readonly code = 'ERR_BAD_DATA_KEYS';
}

/** A sealed document was written under a key that we do not have, or was changed since. */
export class UnreadableDocumentError extends MasklineError {
  readonly code = 'ERR_UNREADABLE_DOCUMENT';
}

/** Redis did not answer in time, or refused. Whether a write took place is not known. */
export class StoreUnavailableError extends MasklineError {
  readonly code = 'ERR_STORE_UNAVAILABLE';
}

/** A node's lease was lost, and its next holder has been here: what was asked for is not done. */
export class LeaseLostError extends MasklineError {
  readonly code = 'ERR_LEASE_LOST';
}

/** A PIN that the client chose is live on every number that the session could have had. */
export class PinTakenError extends MasklineError {
  readonly code = 'ERR_PIN_TAKEN';
}

/** No virtual number can take the session: none matches, or all are held by sessions of these parties. */
export class NumberPoolExhaustedError extends MasklineError {
  readonly code = 'ERR_NUMBER_POOL_EXHAUSTED';
}

/** No such subaccount. */
export class AccountNotFoundError extends MasklineError {
  readonly code = 'ERR_ACCOUNT_NOT_FOUND';
}

/** Virtual numbers or live sessions belong to the subaccount, so it cannot be removed. */
export class AccountInUseError extends MasklineError {
  readonly code = 'ERR_ACCOUNT_IN_USE';
}

/** No such session, or it is not readable any more. */
export class SessionNotFoundError extends MasklineError {
  readonly code = 'ERR_SESSION_NOT_FOUND';
}

/** The session was ended before, or its time is over. */
export class SessionExpiredError extends MasklineError {
  readonly code = 'ERR_SESSION_EXPIRED';
}

/** An update names a party that the session has already. */
export class PartyFixedError extends MasklineError {
  readonly code = 'ERR_PARTY_FIXED';
}

/** The person who is filled in leads to another session on this virtual number. */
export class PartyTakenError extends MasklineError {
  readonly code = 'ERR_PARTY_TAKEN';
}

/** A session that no number could ever carry: no parties, both the same number, or both PINs equal. */
export class InvalidDraftError extends MasklineError {
  readonly code = 'ERR_INVALID_DRAFT';
}

/** The virtual number was added before. */
export class NumberExistsError extends MasklineError {
  readonly code = 'ERR_NUMBER_EXISTS';
}

/** The virtual number is not ours. */
export class NumberNotFoundError extends MasklineError {
  readonly code = 'ERR_NUMBER_NOT_FOUND';
}

/** Others changed the virtual number again and again while it was to be changed. */
export class NumberChangedError extends MasklineError {
  readonly code = 'ERR_NUMBER_CHANGED';
}

/** The virtual number carries live sessions and cannot be removed. */
export class NumberInUseError extends MasklineError {
  readonly code = 'ERR_NUMBER_IN_USE';
}

/** The origination queue is at its bound. */
export class QueueFullError extends MasklineError {
  readonly code = 'ERR_QUEUE_FULL';
}

/** A call of the person who is to be erased is up. */
export class PersonInCallError extends MasklineError {
  readonly code = 'ERR_PERSON_IN_CALL';
}

/** A listing holds more entries in the span asked for than can be looked through for a filter. */
export class ListingTooLongError extends MasklineError {
  readonly code = 'ERR_LISTING_TOO_LONG';
}

/** A delivery failed and is to be tried again; BullMQ hears of that by an error. */
export class CallbackNotTakenError extends MasklineError {
  readonly code = 'ERR_CALLBACK_NOT_TAKEN';
}
