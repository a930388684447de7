import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RealFreeSwitch } from '../../test/e2e/helpers/real-freeswitch.js';
import { freeUdpPort, Sipp } from '../../test/e2e/helpers/sipp.js';
import { Stack } from '../../test/helpers/stack.js';
import { openWatched } from './interruption.js';
import { first, second } from './people.js';

const ROOT = new URL('../../', import.meta.url).pathname;
export const DID = '+15550009046';

/** What a call goes through: our dialplan and controller, or nothing but a `bridge`. */
export type Route = 'bare' | 'masked';

/** A real FreeSWITCH, one controller, Redis, and SIPp on both sides, for benchmarks. */
export class Rig {
  private constructor(
    readonly stack: Stack,
    readonly freeswitch: RealFreeSwitch,
    readonly phonePort: number,
    readonly phones: Sipp,
    readonly close: () => Promise<void>,
  ) {}

  /** Starts everything; when that fails, or the benchmark is interrupted, nothing of it is left. */
  static async start(): Promise<Rig> {
    return openWatched((opened, close) => Rig.#open(opened, close));
  }

  static async #open(opened: (() => Promise<unknown>)[], close: () => Promise<void>): Promise<Rig> {
    const stack = await Stack.prepare({
      controllers: 1,
      trunks: ['bench'],
      environment: { LOG_LEVEL: 'info' },
    });
    opened.push(() => stack.close());
    const phonePort = await freeUdpPort();
    const dialplan = join(stack.folder, 'dialplan');
    await mkdir(dialplan, { recursive: true });
    await writeFile(join(dialplan, 'masking.xml'), await withBareBridge());
    const freeswitch = await RealFreeSwitch.beside(stack, {
      trunks: [{ name: 'bench', port: phonePort }],
      environment: { DIALPLAN_DIR: dialplan, MAX_CALLS: '5000', CALLS_PER_SECOND: '500' },
    });
    opened.push(() => freeswitch.end('SIGKILL'));
    await stack.startControllers();
    const phones = await Sipp.start(join(stack.folder, 'phones'), PHONE, '127.0.0.1', [
      ...['-p', String(phonePort), '-mp', String(await freeUdpPort())],
    ]);
    opened.push(() => phones.stop());
    await sleep(500);
    return new Rig(stack, freeswitch, phonePort, phones, close);
  }

  /** Sessions between `first(n)` and `second(n)` for n from 0 to `count` - 1, all on one number. */
  async createSessions(count: number): Promise<void> {
    const added = await this.stack.api('POST', '/Number/', { number: DID });
    if (added.status !== 201) throw new Error(`the number was not added: ${JSON.stringify(added.body)}`);
    for (let from = 0; from < count; from += 20) {
      const batch = Array.from({ length: Math.min(20, count - from) }, (_, index) => from + index);
      await Promise.all(
        batch.map(async (n) => {
          const { status, body } = await this.stack.api('POST', '/Masking/Session/', {
            first_party: first(n),
            second_party: second(n),
            virtual_number: DID,
            geomatch: false,
            session_expiry: 7200,
          });
          if (status !== 201) throw new Error(`no session: ${JSON.stringify(body)}`);
        }),
      );
    }
  }

  /** Places `count` calls from caller `from` on, `rate` in 1037 ms, each held for `holdMs` milliseconds. */
  async place(
    route: Route,
    folder: string,
    options: { from: number; count: number; rate: number; holdMs: number },
  ): Promise<Sipp> {
    const path = join(this.stack.folder, folder);
    await mkdir(path, { recursive: true });
    const rows = Array.from({ length: options.count }, (_, index) => {
      const n = options.from + index;
      return `${first(n)};${route === 'masked' ? DID : `bare${second(n)}`}`;
    });
    await writeFile(join(path, 'calls.csv'), `SEQUENTIAL\n${rows.join('\n')}\n`);
    return Sipp.start(path, callerXml(options.holdMs), `127.0.0.1:${this.freeswitch.sipPort}`, [
      ...['-inf', join(path, 'calls.csv'), '-m', String(options.count), '-l', String(options.count)],
      // Out of step with FreeSWITCH's ticks of 20 ms, or every call would meet the same part of one.
      ...['-r', String(options.rate), '-rp', '1037'],
      ...['-p', String(await freeUdpPort()), '-mp', String(await freeUdpPort())],
    ]);
  }

  /** Resident memory of FreeSWITCH, in KiB. */
  async freeswitchMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.freeswitch.pid ?? 0}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  }

  /** Channels that are up, by FreeSWITCH's own count. */
  async channels(): Promise<number> {
    const connection = await this.freeswitch.control();
    try {
      return Number(/^(\d+) total/m.exec(await connection.api('show channels count'))?.[1]);
    } finally {
      connection.close();
    }
  }
}

/** Our dialplan with one more way in: numbers that begin with `bare` are bridged and nothing else. */
async function withBareBridge(): Promise<string> {
  const plan = await readFile(join(ROOT, 'dialplan/masking.xml'), 'utf8');
  const bare = `<context name="trunk">
    <extension name="bare">
      <condition field="destination_number" expression="^bare(.+)$">
        <action application="set" data="hangup_after_bridge=true"/>
        <action application="bridge" data="sofia/gateway/bench/$1"/>
      </condition>
    </extension>`;
  const changed = plan.replace('<context name="trunk">', bare);
  if (changed === plan)
    throw new Error('dialplan/masking.xml has no context "trunk" to add the bare bridge to');
  return changed;
}

function callerXml(holdMs: number): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
<send retrans="500"><![CDATA[

INVITE sip:[field1]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@carrier.example>;tag=[pid]t[call_number]
To: <sip:[field1]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=ptime:120

]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[

ACK [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@carrier.example>;tag=[pid]t[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<pause milliseconds="${holdMs}"/>
<send retrans="500"><![CDATA[

BYE [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@carrier.example>;tag=[pid]t[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
`;
}

const PHONE = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="phone">
<recv request="INVITE"/>
<send retrans="500"><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]t[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:phone@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=phone 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=ptime:120

]]></send>
<recv request="ACK"/>
<recv request="BYE"/>
<send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
`;
