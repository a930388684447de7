import { eventValue, type EslEvent } from '../../../src/freeswitch/event.js';
import type { EslConnection } from '../../../src/freeswitch/connection.js';

interface Heard {
  readonly leg: string;
  readonly did: string;
  readonly called: string;
  readonly from: string;
  readonly path: string;
  readonly at: number;
}

/** What FreeSWITCH played to whom, from its own events. */
export class ExecutionLog {
  readonly #heard: Heard[] = [];

  private constructor(private readonly connection: EslConnection) {
    connection.on('event', (event) => this.#note(event));
  }

  static async attach(connection: EslConnection): Promise<ExecutionLog> {
    const log = new ExecutionLog(connection);
    await connection.subscribe(['CHANNEL_EXECUTE']);
    return log;
  }

  /** Files played to callers of `did`, oldest first. */
  toCaller(did: string, since: number): string[] {
    return this.#heard
      .filter((entry) => entry.leg === 'a' && entry.did === did && entry.at >= since)
      .map((entry) => entry.path);
  }

  /** Files played to the phone `called` in calls from `did`. */
  toPhone(called: string): string[] {
    return this.#heard.filter((entry) => entry.called === called).map((entry) => entry.path);
  }

  close(): void {
    this.connection.close();
  }

  #note(event: EslEvent): void {
    const application = eventValue(event, 'Application');
    const data = eventValue(event, 'Application-Data');
    const path =
      application === 'playback'
        ? data
        : application === 'play_and_get_digits'
          ? (data.split(' ')[5] ?? '')
          : '';
    if (!/\.(wav|mp3)$/.test(path)) return;
    const outbound = eventValue(event, 'Call-Direction') === 'outbound';
    this.#heard.push({
      leg: outbound ? 'b' : 'a',
      did: outbound ? '' : eventValue(event, 'variable_sip_req_user'),
      called: outbound ? digitsAfter(eventValue(event, 'variable_sip_to_user'), event) : '',
      from: eventValue(event, 'Caller-Caller-ID-Number'),
      path,
      at: Number(eventValue(event, 'Event-Date-Timestamp')) / 1000,
    });
  }
}

function digitsAfter(toUser: string, event: EslEvent): string {
  return toUser !== '' ? toUser : eventValue(event, 'Caller-Callee-ID-Number');
}
