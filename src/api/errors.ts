import { MasklineError } from '../errors.js';

/** A request is answered with `statusCode` and `message`, both as documented in docs/errors.md. */
export class ApiError extends MasklineError {
  readonly code = 'ERR_API_REFUSED';

  constructor(
    readonly statusCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Texts that do not depend on the request. Those that Plivo documents are Plivo's. */
export const TEXT = {
  notAnObject: 'Invalid request body. A JSON object is expected.',
  notJson: 'Invalid request body. It is not valid JSON.',
  badRequest: 'Invalid request.',
  unauthorized: 'Authentication failed.',
  forbidden: 'Only the main account may do this.',
  notFound: 'not found',
  method: 'HTTP method not allowed.',
  timeout: 'The request took too long to arrive.',
  tooLarge: 'Request body is larger than 65536 bytes.',
  headersTooLarge: 'Request headers are too large.',
  mediaType: 'Content-Type must be application/json.',
  rate: 'Too many requests, rate limited.',
  followers: 'Too many connections follow calls already.',
  internal: 'Internal server error.',
  badSignature: 'The signature of this URL is wrong or has expired.',
  badRange: 'The range lies beyond the end of the file.',
  recordingAway: 'The recording cannot be reached at the moment. Try again.',
  queueFull: 'Too many requests of this kind wait. Try again.',
  nodeUnreachable: 'The call cannot be reached at the moment. Try again.',
  poolExhausted: 'Number pool exhausted or not available.',
  sessionExpired: 'Session already expired',
  partyFixed: 'Invalid parameter. first_party or second_party cannot be changed.',
  listTooLong: 'Too many entries to look through. Narrow the window of time.',
  partyTaken: 'Invalid parameter. first_party or second_party has another session on this virtual number.',
  pinTaken:
    'Invalid parameter. first_party_pin or second_party_pin is in use on every virtual number available.',
  sameParties: 'Invalid parameter. first_party and second_party should be different.',
  samePins: 'Invalid parameter. first_party_pin and second_party_pin should be different.',
  numberExists: 'Invalid parameter. numbers are in this account already.',
  unknownSubaccount: 'Invalid parameter. subaccount is not a subaccount of this account.',
  accountInUse: 'The subaccount has numbers or active sessions and cannot be removed.',
  personInCall: 'A call of the person is up. Hang it up, or ask again when it has ended.',
  erasureRunning: 'Another erasure is under way. Ask again when it has ended.',
  numberInUse: 'The number is used by active sessions and cannot be removed.',
} as const;

export const notFound = (): ApiError => new ApiError(404, TEXT.notFound);

/** `Invalid parameter. <name> <problem>.` */
export const invalid = (name: string, problem: string): string => `Invalid parameter. ${name} ${problem}.`;

/** `Mandatory parameter missing. <name> must be present.` */
export const missing = (name: string): string => `Mandatory parameter missing. ${name} must be present.`;
