import { Receiver } from '../../helpers/receiver.js';
import { apiTime } from './evidence.js';

/** An event as it was told first. */
export interface ToldEvent {
  readonly name: string;
  /** When it happened, in milliseconds since the epoch, whole seconds. */
  readonly at: number;
  /** Of a recording's events, whose they are; else "". */
  readonly recording: string;
}

/** What the receiver of callbacks was told, each event once, however often it came. */
export class CallbackLedger {
  /** Requests, repetitions included. */
  requests = 0;
  lastAt = 0;
  readonly #sessions = new Map<string, Map<number, ToldEvent>>();
  readonly #receiver: Receiver;

  private constructor(receiver: Receiver) {
    this.#receiver = receiver;
    receiver.answering = ({ fields }, response) => {
      this.#note(fields);
      // The receiver keeps all that it was told, which an hour of calls makes much of.
      receiver.told.length = 0;
      response.writeHead(200).end();
    };
  }

  static async open(): Promise<CallbackLedger> {
    return new CallbackLedger(await Receiver.start());
  }

  get port(): number {
    return this.#receiver.port;
  }

  /** Events of a session by their sequence numbers. */
  of(sessionId: string): ReadonlyMap<number, ToldEvent> {
    return this.#sessions.get(sessionId) ?? new Map();
  }

  async close(): Promise<void> {
    await this.#receiver.close();
  }

  #note(fields: Readonly<Record<string, string>>): void {
    this.requests += 1;
    this.lastAt = Date.now();
    const id = fields['SessionUUID'] ?? '';
    const sequence = Number(fields['SequenceNumber']);
    const events = this.#sessions.get(id) ?? new Map<number, ToldEvent>();
    this.#sessions.set(id, events);
    if (events.has(sequence)) return;
    events.set(sequence, {
      name: fields['EventName'] ?? '',
      at: Date.parse(apiTime(fields['EventTimestamp'] ?? '')),
      recording: fields['RecordingUUID'] ?? '',
    });
  }
}
