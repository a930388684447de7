import { MasklineError } from '../errors.js';

/** The TCP connection or the authentication did not come about within its deadline, or was refused. */
export class EslConnectError extends MasklineError {
  readonly code = 'ERR_ESL_CONNECT';
}

/** FreeSWITCH refused the password. */
export class EslAuthError extends MasklineError {
  readonly code = 'ERR_ESL_AUTH';
}

/** The connection is closed; whatever was pending may or may not have been carried out. */
export class EslClosedError extends MasklineError {
  readonly code = 'ERR_ESL_CLOSED';
}

/** No reply came within the command's deadline; it may still be carried out. */
export class EslTimeoutError extends MasklineError {
  readonly code = 'ERR_ESL_TIMEOUT';
}

/** FreeSWITCH answered `-ERR`. */
export class EslRefusedError extends MasklineError {
  readonly code = 'ERR_ESL_REFUSED';
  /** FreeSWITCH's reason with every run of digits masked, such as `NO_ANSWER` or `invalid session id`. */
  readonly reason: string;

  constructor(command: string, reply: string) {
    const reason = maskDigits(reply.replace(/^-(ERR|USAGE:?)\s*/, '').trim()).slice(0, 120);
    super(`FreeSWITCH refused ${command}: ${reason}`);
    this.reason = reason;
  }
}

/** A command holds what would become a second command: CR, LF or NUL outside a body. */
export class EslCommandError extends MasklineError {
  readonly code = 'ERR_ESL_COMMAND';
}

/** Too many commands await their replies. */
export class EslQueueFullError extends MasklineError {
  readonly code = 'ERR_ESL_QUEUE_FULL';
}

/** The peer sent what the protocol does not allow. */
export class EslProtocolError extends MasklineError {
  readonly code = 'ERR_ESL_PROTOCOL';
}

/** A header block or a body is longer than we take. */
export class EslTooLargeError extends MasklineError {
  readonly code = 'ERR_ESL_TOO_LARGE';
}

/** The peer has been silent for longer than two heartbeats. */
export class EslHeartbeatError extends MasklineError {
  readonly code = 'ERR_ESL_HEARTBEAT';
}

/** The node has no usable command connection now. */
export class NodeDownError extends MasklineError {
  readonly code = 'ERR_NODE_DOWN';
}

/** An originated leg did not come about. */
export class OriginateError extends MasklineError {
  readonly code = 'ERR_ORIGINATE';
  /** FreeSWITCH's hangup cause, such as NO_ANSWER. */
  readonly hangupCause: string;

  constructor(hangupCause: string, options?: ErrorOptions) {
    super(`the leg could not be originated: ${hangupCause}`, options);
    this.hangupCause = hangupCause;
  }
}

/** A question was not decided in time. */
export class QuestionTimeoutError extends MasklineError {
  readonly code = 'ERR_QUESTION_TIMEOUT';
}

/** What FreeSWITCH sent is no question of ours. */
export class QuestionInvalidError extends MasklineError {
  readonly code = 'ERR_QUESTION_INVALID';
}

/** The secret that came with a question is missing or wrong. */
export class QuestionSecretError extends MasklineError {
  readonly code = 'ERR_QUESTION_SECRET';
}

/** A CDR that was posted to us is not taken. `status` is that of the HTTP answer. */
export class CdrRefusedError extends MasklineError {
  readonly code = 'ERR_CDR_REFUSED';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** No controller can take a CDR at the moment. */
export class CdrUnreachableError extends MasklineError {
  readonly code = 'ERR_CDR_UNREACHABLE';
}

/** A value of an answer cannot be handed to FreeSWITCH safely. The message names the variable, not the value. */
export class AnswerInvalidError extends MasklineError {
  readonly code = 'ERR_ANSWER_INVALID';
}

/** Runs of five and more digits could be a phone number. */
function maskDigits(text: string): string {
  return text.replace(/\d{5,}/g, '*****');
}
