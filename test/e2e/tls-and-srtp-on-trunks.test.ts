import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack } from '../helpers/stack.js';
import { freeTcpPort } from '../helpers/ports.js';
import { Authority, writeTlsFolder, type KeyPair } from './helpers/certificates.js';
import { RealBed } from './helpers/real-bed.js';
import { RealFreeSwitch, requireFreeSwitch } from './helpers/real-freeswitch.js';
import { RtpTalker } from './helpers/rtp.js';
import { RtpSocket } from './helpers/rtp-socket.js';
import { SipAgent } from './helpers/sip-agent.js';
import { answerSipCall, mediaPortIn, placeSipCall } from './helpers/sip-dialog.js';
import { TlsLink } from './helpers/tls-link.js';
import { until } from '../helpers/until.js';

const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const RTP_HEADER = 12;
const PCMU_20_MS = 160;
/** What this suite adds to a packet (RFC 3711, 5.2). */
const AUTH_TAG = 10;
const freshKey = (): string => `inline:${randomBytes(30).toString('base64')}`;
const offered = `1 ${SUITE} ${freshKey()}`;
/** Accepts this suite under the tag that it was offered with. */
const accept = (offer: string): string | null => {
  const tag = new RegExp(`^a=crypto:(\\d+) ${SUITE} `, 'm').exec(offer)?.[1];
  return tag === undefined ? null : `${tag} ${SUITE} ${freshKey()}`;
};

let folder: string;
let tlsFolder: string;
let authority: Authority;
let ours: KeyPair;

beforeAll(async () => {
  requireFreeSwitch();
  folder = await mkdtemp(join(tmpdir(), 'maskline-tls-'));
  tlsFolder = join(folder, 'tls');
  authority = Authority.make(join(folder, 'authority'), 'Authority of the tests');
  ours = authority.issue('IP:127.0.0.1');
  writeTlsFolder(tlsFolder, ours, authority.certificate);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function withAgent<T>(agent: SipAgent, run: (agent: SipAgent) => Promise<T>): Promise<T> {
  try {
    return await run(agent);
  } finally {
    agent.close();
  }
}

describe('trunks to carriers', () => {
  let bed: RealBed;
  let port: number;
  const carriers: TlsLink[] = [];

  beforeAll(async () => {
    port = await freeTcpPort();
    const stranger = Authority.make(join(folder, 'stranger'), 'Nobody we know');
    const pairs = [
      // FreeSWITCH reads DNS names and the common name, and asks a name server for any host name, localhost too.
      authority.issue('IP:127.0.0.1'),
      authority.issue('DNS:other.example'),
      stranger.issue('IP:127.0.0.1'),
    ];
    for (const pair of pairs) carriers.push(await TlsLink.listen(pair));
    const [right, otherName, otherAuthority] = carriers.map((carrier) => ({
      port: carrier.port,
      tls: '127.0.0.1',
    }));
    bed = await RealBed.start({
      controllers: 1,
      lanes: 6,
      gateways: {
        lane0: { ...right!, srtp: 'mandatory' },
        lane1: otherName!,
        lane2: otherAuthority!,
      },
      environment: { SIP_TRUNK_TLS_PORT: String(port), TLS_DIR: tlsFolder },
    });
  });
  afterAll(async () => {
    for (const carrier of carriers) carrier.close();
    await bed.close();
  });

  const overTls = async (): Promise<SipAgent> =>
    new SipAgent(await TlsLink.connect(port, authority.certificate), '127.0.0.1', '127.0.0.1');

  it('a call comes by TLS and goes on by TLS with SRTP: what is said reaches B in encrypted packets', async () => {
    const lane = await bed.lane();
    await lane.session();
    const packets: Buffer[] = [];
    const audio = createSocket('udp4').on('message', (packet) => packets.push(packet));
    audio.bind(0, '127.0.0.1');
    await once(audio, 'listening');
    const voice = await RtpSocket.open();
    await withAgent(await overTls(), async (a) => {
      await withAgent(new SipAgent(carriers[0]!, '127.0.0.1', '127.0.0.1'), async (b) => {
        const [called, calling] = await Promise.all([
          answerSipCall(b, { user: lane.second, rtpPort: audio.address().port, crypto: accept }),
          placeSipCall(a, { port, to: lane.did, from: lane.first, rtpPort: voice.port }),
        ]);
        expect(called.invite.text).toMatch(/^INVITE sip:[^\r]+;?transport=tls/m);
        expect(called.invite.text).toMatch(/^Via: SIP\/2\.0\/TLS /m);
        expect(called.invite.text).toMatch(/^m=audio \d+ RTP\/SAVP /m);
        expect(called.invite.text).toContain(` ${SUITE} inline:`);
        expect(called.invite.text).not.toContain(lane.first.slice(1));
        // A offered none, and got none.
        expect(calling.final.status).toBe(200);
        expect(calling.final.text).toMatch(/^m=audio \d+ RTP\/AVP /m);
        expect(calling.final.text).not.toContain('a=crypto');
        await Promise.all([
          voice.play([...new RtpTalker().speech(2_000)], mediaPortIn(calling.final.text)),
          until('B hears something', () => packets.length > 20),
        ]);
        const lengths = new Set(
          packets.filter((packet) => (packet[1]! & 0x7f) === 0).map(({ length }) => length),
        );
        expect([...lengths]).toEqual([RTP_HEADER + PCMU_20_MS + AUTH_TAG]);
        await calling.dialog?.hangUp();
        await b.request('BYE');
      });
    });
    audio.close();
    voice.close();
  });

  it.each([
    { whose: 'is for another name', carrier: 1 },
    { whose: 'is of an authority that we do not know', carrier: 2 },
  ])('a carrier whose certificate $whose is not spoken to: the next trunk is taken', async ({ carrier }) => {
    const lane = await bed.lane();
    expect(lane.trunk).toBe(`lane${carrier}`);
    const session = await lane.session();
    const received: string[] = [];
    carriers[carrier]!.receive((text) => received.push(text));
    await withAgent(await overTls(), async (a) => {
      const { final, dialog } = await placeSipCall(a, { port, to: lane.did, from: lane.first });
      expect(final.status).toBe(200);
      await dialog?.hangUp();
    });
    const [interaction] = await lane.interactions(session.id, 1);
    const dialled = interaction!.legs.filter(({ role }) => role === 'b');
    expect(dialled).toMatchObject([
      { trunk: lane.trunk, cause: 'RECOVERY_ON_TIMER_EXPIRE' },
      { trunk: 'spare', cause: 'NORMAL_CLEARING' },
    ]);
    expect(received).toEqual([]);
  });

  it('SRTP that the caller offers is accepted, and not asked of the other side', async () => {
    await bed.lane();
    const lane = await bed.lane();
    await lane.session();
    await withAgent(await SipAgent.open(), async (a) => {
      await withAgent(await SipAgent.open(bed.trunkPorts.get(lane.trunk)), async (b) => {
        const [called, calling] = await Promise.all([
          answerSipCall(b, { user: lane.second }),
          placeSipCall(a, { port: bed.freeswitch.sipPort, to: lane.did, from: lane.first, crypto: offered }),
        ]);
        expect(calling.final.text).toMatch(/^m=audio \d+ RTP\/SAVP /m);
        expect(calling.final.text).toContain(`a=crypto:1 ${SUITE} inline:`);
        expect(called.invite.text).toMatch(/^m=audio \d+ RTP\/AVP /m);
        expect(called.invite.text).not.toContain('a=crypto');
        await calling.dialog?.hangUp();
        await b.request('BYE');
      });
    });
  });

  it('the address list counts for TLS, too', async () => {
    const link = await TlsLink.connect(port, authority.certificate, undefined, '127.0.0.2');
    await withAgent(new SipAgent(link, '127.0.0.2', '127.0.0.1'), async (stranger) => {
      const { final } = await placeSipCall(stranger, { port, to: '+15550000000', from: '+15550000001' });
      expect(final.status).toBe(403);
    });
  });

  it('speaks no TLS before 1.2', async () => {
    const ended = new Promise<string>((resolve) => {
      const socket = connect({
        ...{ port, host: '127.0.0.1', ca: authority.certificate },
        ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      });
      socket.once('error', (error: Error) => resolve(error.message));
      socket.once('secureConnect', () => {
        socket.destroy();
        resolve('connected');
      });
    });
    expect(await ended).not.toBe('connected');
  });
});

describe('a node that wants certificates and SRTP of its carriers', () => {
  let stack: Stack;
  let freeswitch: RealFreeSwitch;
  let port: number;

  beforeAll(async () => {
    port = await freeTcpPort();
    stack = await Stack.prepare({ controllers: 0, trunks: [] });
    freeswitch = await RealFreeSwitch.beside(stack, {
      trunks: [],
      environment: {
        SIP_TRUNK_TLS_PORT: String(port),
        SIP_TRUNK_TLS_VERIFY: 'mutual',
        SIP_TRUNK_SRTP: 'mandatory',
        TLS_DIR: tlsFolder,
      },
    });
  });
  afterAll(async () => {
    await freeswitch.end('SIGKILL');
    await stack.close();
  });

  it('answers who shows a certificate of the authority, and nobody else', async () => {
    const options = async (own?: KeyPair): Promise<number | null> => {
      const link = await TlsLink.connect(port, authority.certificate, own);
      return withAgent(new SipAgent(link, '127.0.0.1', '127.0.0.1'), async (agent) => {
        const answer = agent.ask('OPTIONS', `sip:127.0.0.1:${port};transport=tls`, port);
        return Promise.race([
          answer.then(({ status }) => status),
          // With TLS 1.3 the client learns after its handshake that its certificate is missed.
          until('the connection is closed', () => link.failures.length > 0 || link.closed).then(() => null),
        ]);
      });
    };
    expect(await options(authority.issue('DNS:carrier.example'))).toBe(200);
    expect(await options()).toBeNull();
  });

  it('takes an offer of SRTP, and answers 488 to one without', () =>
    withAgentOnUdp(async (agent) => {
      const call = { port: freeswitch.sipPort, to: '+15550000000', from: '+15550000001' };
      const plain = await placeSipCall(agent, call);
      expect(plain.final.status).toBe(488);
      // Without a controller there is only the announcement: media all the same.
      const secure = await placeSipCall(agent, { ...call, crypto: offered });
      expect(secure.final.status).toBe(503);
      const progress = agent.received.find(({ status }) => status === 183);
      expect(progress?.text).toMatch(/^m=audio \d+ RTP\/SAVP /m);
    }));
});

async function withAgentOnUdp<T>(run: (agent: SipAgent) => Promise<T>): Promise<T> {
  return withAgent(await SipAgent.open(), run);
}
