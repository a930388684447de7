import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelReply, CHANNEL } from '../functional/freeswitch/fake-asking-node.js';
import { RealBed } from './helpers/real-bed.js';
import { SipAgent } from './helpers/sip-agent.js';
import { placeSipCall, register, sdp } from './helpers/sip-dialog.js';
import { talkTo } from './helpers/tcp-talk.js';
import { TONE_OF_A, TONE_OF_B, withTwoPeople } from './helpers/two-people.js';

/** What an attack on the API tries to leave behind. */
const MARK = 'maskline_was_here';
/** FreeSWITCH hands some requests to a thread of its own; what it does, it does within this time. */
const AFTERMATH_MS = 400;
const STRANGERS_ADDRESS = '127.0.0.2';
/** FreeSWITCH takes a redirection to its own address for a transfer, and one to another for a new call. */
const ELSEWHERE = '127.0.0.3';

let bed: RealBed;

beforeAll(async () => {
  bed = await RealBed.start({
    controllers: 1,
    lanes: 8,
    environment: { EVENT_SOCKET_ALLOW: '127.0.0.1' },
    controllerEnvironment: { QUESTION_ALLOW: '127.0.0.1/32' },
  });
});

afterAll(() => bed.close());

/** An API command at FreeSWITCH, by the tests' own connection. */
async function api(command: string): Promise<string> {
  const control = await bed.freeswitch.control();
  try {
    return (await control.api(command)).trim();
  } finally {
    control.close();
  }
}

async function withAgent<T>(run: (agent: SipAgent) => Promise<T>, port = 0, address?: string): Promise<T> {
  const agent = await SipAgent.open(port, address);
  try {
    return await run(agent);
  } finally {
    agent.close();
  }
}

/** Digits of a number as they would stand anywhere, with + or without. */
const digits = (number: string): string => number.slice(1);

describe('the trunk profile', () => {
  it('takes no REGISTER', () =>
    withAgent(async (agent) => {
      const who = { user: '15550001001', password: 'softphone-secret' };
      const answer = await register(agent, bed.freeswitch.sipPort, who.user, who);
      expect(answer.status).toBe(405);
    }));

  it('answers 403 to an INVITE from an address that is no trunk, and nobody is called', async () => {
    const lane = await bed.lane();
    const session = await lane.session();
    await withAgent(async (b) => {
      const refused = await withAgent(
        (stranger) =>
          placeSipCall(stranger, { port: bed.freeswitch.sipPort, to: lane.did, from: lane.first }),
        0,
        STRANGERS_ADDRESS,
      );
      expect(refused.final.status).toBe(403);
      await sleep(AFTERMATH_MS);
      expect(b.received).toEqual([]);
    }, bed.trunkPorts.get(lane.trunk));
    expect(await bed.store.interactions(session.id)).toEqual([]);
  });

  it.each([
    ...['ask', 'ask-again', 'ask-first', 'prompt', 'connect', 'record', 'not-reached'],
    ...['announce', 'refuse', 'unavailable', 'connect%20XML%20masking', 'inbound'],
  ])('knows no extension called %s', (name) =>
    withAgent(async (agent) => {
      const { final } = await placeSipCall(agent, {
        port: bed.freeswitch.sipPort,
        to: name,
        from: '+447700931728',
      });
      expect(final.status).toBe(404);
    }),
  );
});

describe.each(['trunk', 'softphone'] as const)('on the %s profile', (profile) => {
  const port = (): number => (profile === 'trunk' ? bed.freeswitch.sipPort : bed.freeswitch.softphonePort);

  it('OPTIONS is answered without the name or version of the software', () =>
    withAgent(async (agent) => {
      const answer = await agent.ask('OPTIONS', `sip:127.0.0.1:${port()}`, port());
      expect(answer.status).toBe(200);
      expect(answer.text).not.toMatch(/freeswitch|sofia|\d+\.\d+\.\d+-/i);
    }));

  it('a MESSAGE to api+<command> runs nothing (CVE-2026-116779)', () =>
    withAgent(async (agent) => {
      const user = `api+global_setvar%20${MARK}=message`;
      await agent.ask('MESSAGE', `sip:${user}@127.0.0.1:${port()}`, port(), {
        headers: ['Content-Type: text/plain'],
        body: 'hello',
      });
      await sleep(AFTERMATH_MS);
      expect(await api(`global_getvar ${MARK}`)).not.toContain('message');
    }));

  it('an INFO with a command runs nothing, and a REFER moves nobody, outside a call', () =>
    withAgent(async (agent) => {
      const info = await agent.ask('INFO', `sip:x@127.0.0.1:${port()}`, port(), {
        headers: ['Content-Type: freeswitch/api-request'],
        body: `global_setvar:${MARK}=info`,
      });
      expect(info.text).not.toContain('api-response');
      expect(await api(`global_getvar ${MARK}`)).not.toContain('info');
      const refer = await agent.ask('REFER', `sip:x@127.0.0.1:${port()}`, port(), {
        headers: [`Refer-To: <sip:x@127.0.0.1:${agent.port}>`],
      });
      expect(refer.status).toBeGreaterThanOrEqual(400);
    }));
});

describe('in a call', () => {
  it('a REFER of either party moves nobody', () =>
    withTwoPeople(bed, async (lane, people) => {
      await lane.session();
      const call = await people.connect();
      await withAgent(
        async (thief) => {
          const elsewhere = [`Refer-To: <sip:thief@${ELSEWHERE}:${thief.port}>`];
          for (const dialog of [call.dialogA, call.dialogB]) {
            expect((await dialog.request('REFER', elsewhere)).status).toBeGreaterThanOrEqual(400);
          }
          await sleep(AFTERMATH_MS);
          expect(thief.received).toEqual([]);
        },
        0,
        ELSEWHERE,
      );
      expect(people.a.hears(TONE_OF_B) && people.b.hears(TONE_OF_A)).toBe(true);
      await call.dialogA.hangUp();
      await people.b.sip.request('BYE');
    }));

  it('an INFO with a command runs nothing', () =>
    withTwoPeople(bed, async (lane, people) => {
      await lane.session();
      const call = await people.connect();
      for (const dialog of [call.dialogA, call.dialogB]) {
        const body = `global_setvar:${MARK}=in-call`;
        const answer = await dialog.request('INFO', ['Content-Type: freeswitch/api-request'], body);
        expect(answer.text).not.toContain('api-response');
      }
      expect(await api(`global_getvar ${MARK}`)).not.toContain('in-call');
      await call.dialogA.hangUp();
    }));

  it('a party that holds the call and takes it back shows nothing of itself to the other one', () =>
    withTwoPeople(bed, async (lane, people) => {
      await lane.session();
      const call = await people.connect();
      const parties = [
        { person: people.a, dialog: call.dialogA, number: lane.first },
        { person: people.b, dialog: call.dialogB, number: lane.second },
      ];
      for (const { person, dialog, number } of parties) {
        const telling = [
          `P-Asserted-Identity: "${number}" <sip:${number}@carrier.example>`,
          `Remote-Party-ID: "${number}" <sip:${number}@carrier.example>;party=calling`,
          `X-Number: ${number}`,
          'Content-Type: application/sdp',
        ];
        for (const direction of ['sendonly', 'sendrecv']) {
          const offer = sdp(person.sip, { rtpPort: person.rtp.port, user: number, direction });
          expect((await dialog.request('INVITE', telling, offer)).status).toBe(200);
          await sleep(AFTERMATH_MS);
        }
      }
      await call.dialogA.hangUp();
      await people.b.sip.request('BYE');
      expect(people.a.sip.transcript).not.toContain(digits(lane.second));
      expect(people.b.sip.transcript).not.toContain(digits(lane.first));
    }));

  it.each([
    { where: 'to another host', address: ELSEWHERE },
    { where: "to FreeSWITCH's own host", address: '127.0.0.1' },
  ])('a redirection by B $where reaches nobody, moves nobody and tells A nothing', ({ address }) =>
    withTwoPeople(bed, async (lane, people) => {
      await lane.session();
      await withAgent(
        async (thief) => {
          const redirect = async (): Promise<void> => {
            const invite = await people.b.sip.request('INVITE');
            people.b.sip.respond(invite, '302 Moved Temporarily', 'b', [
              `Contact: <sip:thief-${digits(lane.second)}@${address}:${thief.port}>`,
              `Diversion: <sip:${lane.second}@carrier.example>;reason=unconditional`,
            ]);
          };
          const plan = { port: bed.freeswitch.sipPort, to: lane.did, from: lane.first };
          const [{ dialog }] = await Promise.all([placeSipCall(people.a.sip, plan), redirect()]);
          // Answered by the phone behind the next trunk, where the same number was dialled.
          await dialog?.hangUp();
          await sleep(AFTERMATH_MS);
          expect(thief.received).toEqual([]);
          expect(bed.log.toCaller(lane.did, 0)).toEqual([]);
          expect(people.a.sip.transcript).not.toMatch(/thief|Diversion/i);
          expect(people.a.sip.transcript).not.toContain(digits(lane.second));
          expect(people.a.sip.transcript).not.toContain(String(thief.port));
        },
        0,
        address,
      );
    }),
  );
});

describe('the Event Socket', () => {
  it('refuses a wrong password and runs nothing', async () => {
    const heard = await talkTo({
      port: bed.stack.eventSocketPort,
      say: 'auth ClueCon\n\napi status\n\n',
    });
    expect(heard).toContain('Reply-Text: -ERR invalid');
    expect(heard).not.toContain('UP ');
    expect(heard).not.toContain('+OK accepted');
  });

  it('does not talk to an address that is not on its list', async () => {
    const say = `auth ${bed.stack.eventSocketPassword}\n\napi status\n\n`;
    const heard = await talkTo({ port: bed.stack.eventSocketPort, from: STRANGERS_ADDRESS, say });
    expect(heard).toContain('text/rude-rejection');
    expect(heard).not.toContain('+OK accepted');
  });
});

describe('the question port', () => {
  const questionPort = (): number => Number(/:(\d+)/.exec(bed.stack.questionHosts)![1]);

  it('answers who knows the secret, and says nothing to anybody else', async () => {
    const lane = await bed.lane();
    await lane.session();
    const question = (secret: string): string =>
      channelReply({
        ...CHANNEL,
        'FreeSWITCH-Switchname': 'node-under-test',
        'Caller-Caller-ID-Number': lane.first,
        variable_sip_from_user: lane.first,
        variable_sip_req_user: lane.did,
        scope_variable_masking_secret: secret,
      });
    const port = questionPort();
    const right = question(bed.stack.questionSecret);
    expect(await talkTo({ port, say: question('wrong-secret') })).toBe('connect\n\n');
    expect(await talkTo({ port, say: question('') })).toBe('connect\n\n');
    expect(await talkTo({ port, say: right, from: STRANGERS_ADDRESS })).toBe('');
    // The very same question with the right secret is answered: it was the secret that was missed.
    expect(await talkTo({ port, say: right })).toContain(digits(lane.second));
  });
});
