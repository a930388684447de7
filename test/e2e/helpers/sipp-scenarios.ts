import { RtpTalker } from './rtp.js';
import type { CalleeBehaviour, CallPlan } from '../../scenarios/bed.js';

/** What a carrier writes as Q.850 cause beside a status (RFC 3326, ITU-T Q.850). */
const Q850 = { 404: 1, 408: 102, 480: 18, 486: 17, 503: 41, 603: 21 } as const;

/** Every final status that we may give to a caller; SIPp must know them to acknowledge them. */
const FAILURES = [400, 403, 404, 408, 480, 481, 484, 486, 487, 488, 500, 502, 503, 600, 603];

/** Messages of a scenario in order; SIPp numbers them, and `[branch-N]` counts back by that number. */
class ScenarioWriter {
  readonly #parts: string[] = [];
  #index = 0;

  get index(): number {
    return this.#index;
  }

  message(xml: string): this {
    this.#parts.push(xml);
    this.#index += 1;
    return this;
  }

  label(id: string): this {
    this.#parts.push(`<label id="${id}"/>`);
    return this;
  }

  /** SIPp refuses a scenario that sets a variable and never reads it. */
  reference(variables: readonly string[]): this {
    this.#parts.push(`<Reference variables="${variables.join(',')}"/>`);
    return this;
  }

  toString(): string {
    return `<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="maskline">\n${this.#parts.join('\n')}\n</scenario>\n`;
  }
}

function send(lines: readonly string[], attributes = ''): string {
  return `<send${attributes}><![CDATA[\n\n${lines.join('\n')}\n\n]]></send>`;
}

const CALLER_VIA = 'Via: SIP/2.0/UDP [local_ip]:[local_port];branch=';

/**
 * A caller behind a trunk. Its number stands wherever a carrier may write it: From, Contact, SDP,
 * and (by -cid_str) Call-ID. Captures for keys and speech are written into `folder`.
 */
export async function callerScenario(plan: CallPlan & { to: string }, folder: string): Promise<string> {
  const writer = new ScenarioWriter();
  const talker = new RtpTalker();
  const marker = plan.from.replace(/\W/g, '').slice(0, 20) || 'nobody';
  const from = fromHeader(plan);
  const dialog = (cseq: string): string[] => [
    from,
    'To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]',
    'Call-ID: [call_id]',
    `CSeq: ${cseq}`,
    `Contact: <sip:${marker}@[local_ip]:[local_port]>`,
    'Max-Forwards: 70',
  ];
  const target = 'sip:[service]@[remote_ip]:[remote_port] SIP/2.0';
  const sdp = [
    'v=0',
    `o=${marker} 53655765 2353687637 IN IP[local_ip_type] [local_ip]`,
    `s=${marker}`,
    'c=IN IP[media_ip_type] [media_ip]',
    't=0 0',
    'm=audio [media_port] RTP/AVP 0 8 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
  ];
  const invite = [
    `INVITE ${target}`,
    `${CALLER_VIA}[branch]`,
    ...dialog('1 INVITE').map((line) => line.replace('[peer_tag_param]', '')),
    ...furtherHeaders(plan),
    'Content-Type: application/sdp',
    'Content-Length: [len]',
    '',
    ...sdp,
  ];
  writer.message(send(invite, ' retrans="500"'));
  // SIPp runs the timer of the message that it waits at, so it counts from the newest provisional response.
  // After 100 it waits at the one for 180, after 180 at the one for 183.
  const limitOf = (ms: number | undefined): string =>
    ms === undefined ? '' : ` timeout="${ms}" ontimeout="cancel"`;
  const limit = limitOf(plan.cancelAfterRingingMs ?? plan.cancelAfterMs);
  for (const status of [100, 180, 183]) {
    const early = status === 183 ? limit : limitOf(plan.cancelAfterMs);
    writer.message(`<recv response="${status}" optional="true"${early}/>`);
  }
  for (const status of FAILURES) {
    writer.message(`<recv response="${status}" optional="true" next="failed"${limit}/>`);
  }
  writer.message(`<recv response="200" rrs="true"${limit}/>`);
  const ack = (branch: string): string =>
    send([`ACK ${target}`, `${CALLER_VIA}${branch}`, ...dialog('1 ACK'), 'Content-Length: 0']);
  writer.message(ack('[branch]'));
  let hangsUp = false;
  for (const [position, step] of (plan.steps ?? []).entries()) {
    if ('wait' in step || 'press' in step) {
      const file = `${folder}/step-${position}.pcap`;
      const ms = 'wait' in step ? step.wait : await talker.press(file, step.press);
      if ('wait' in step) await talker.speak(file, step.wait);
      writer.message(`<nop><action><exec play_pcap_audio="${file}"/></action></nop>`);
      const last = position === (plan.steps ?? []).length - 1;
      if (!last) writer.message(`<pause milliseconds="${ms}"/>`);
    } else {
      hangsUp = true;
      writer.message(
        send(
          [
            `BYE ${target}`,
            `${CALLER_VIA}[branch]`,
            ...dialog('2 BYE'),
            // What tells who calls may stand in a goodbye as well.
            ...furtherHeaders(plan),
            ...(plan.headers === undefined ? [] : [`Reason: Q.850;cause=16;text="${marker}"`]),
            'Content-Length: 0',
          ],
          ' retrans="500"',
        ),
      );
      writer.message('<recv response="200" next="done"/>');
    }
  }
  if (!hangsUp) {
    writer.message('<recv request="BYE"/>');
    writer.message(
      send(
        [
          'SIP/2.0 200 OK',
          '[last_Via:]',
          '[last_From:]',
          '[last_To:]',
          '[last_Call-ID:]',
          '[last_CSeq:]',
          'Content-Length: 0',
        ],
        ' next="done"',
      ),
    );
  }
  if (plan.cancelAfterMs !== undefined || plan.cancelAfterRingingMs !== undefined) {
    writer.label('cancel');
    writer.message(
      send(
        [
          `CANCEL ${target}`,
          `${CALLER_VIA}[branch-${writer.index}]`,
          ...dialog('1 CANCEL').map((line) => line.replace('[peer_tag_param]', '')),
          'Content-Length: 0',
        ],
        ' retrans="500"',
      ),
    );
    writer.message('<recv response="200"/>');
    writer.message('<recv response="487"/>');
    writer.message(
      send(
        [`ACK ${target}`, `${CALLER_VIA}[branch-${writer.index}]`, ...dialog('1 ACK'), 'Content-Length: 0'],
        ' next="done"',
      ),
    );
  }
  writer.label('failed');
  writer.message(ack(`[branch-${writer.index}]`));
  writer.label('done');
  // A response that was lost is repeated; a while to answer for it, then the call is over.
  writer.message('<pause milliseconds="100"/>');
  return writer.toString();
}

/** Characters that Latin-1 has stand for themselves, as some carriers send them; others go as UTF-8. */
function asBytes(text: string): string {
  return /^[\u0000-\u00ff]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function fromHeader(plan: CallPlan): string {
  const uri = plan.from === '' ? '<sip:carrier.example>' : `<sip:${plan.from}@carrier.example>`;
  const name = plan.displayName === undefined ? '' : `"${asBytes(plan.displayName)}" `;
  return `From: ${name}${uri};tag=[pid]SIPpTag[call_number]`;
}

/**
 * Phones behind a trunk: each called number behaves as `phones` says, all others as `others` does.
 * The called phone's number stands wherever it could tell A who answers.
 */
export function calleeScenario(
  phones: ReadonlyMap<string, CalleeBehaviour>,
  others: CalleeBehaviour = { kind: 'refuse', status: 404, afterMs: 1 },
): string {
  const writer = new ScenarioWriter();
  writer.message(
    `<recv request="INVITE">
  <action>
    <ereg regexp="sip:(\\+?[0-9]+)@" search_in="msg" assign_to="match,called"/>
    <ereg regexp="[0-9]+ INVITE" search_in="hdr" header="CSeq:" assign_to="cseq"/>
    <ereg regexp="[^ ].*" search_in="hdr" header="From:" assign_to="remoteparty"/>
    <ereg regexp="[^ ].*" search_in="hdr" header="To:" assign_to="localparty"/>
    <ereg regexp="sip:[^&gt; ]+" search_in="hdr" header="Contact:" assign_to="target"/>
${[...phones.keys()].map((number, index) => `    <strcmp assign_to="differs${index}" variable="called" value="${number}"/>`).join('\n')}
  </action>
</recv>`,
  );
  for (const index of [...phones.keys()].keys()) {
    // strcmp gives 0 for equal; test takes "not zero", so the number is turned round first.
    writer.message(
      `<nop><action><test assign_to="same${index}" variable="differs${index}" compare="equal" value="0"/></action></nop>`,
    );
    writer.message(`<nop test="same${index}" next="phone${index}"/>`);
  }
  const reply = (status: string, more: readonly string[] = [], cseq = '[last_CSeq:]'): string[] => [
    `SIP/2.0 ${status}`,
    '[last_Via:]',
    '[last_From:]',
    '[last_To:];tag=[pid]SIPpTag[call_number]',
    '[last_Call-ID:]',
    cseq,
    ...more,
  ];
  const telling = [
    'Contact: <sip:[$called]@[local_ip]:[local_port]>',
    'P-Asserted-Identity: "[$called]" <sip:[$called]@carrier.example>',
    'Remote-Party-ID: "[$called]" <sip:[$called]@carrier.example>;party=called;privacy=off',
    'X-Answered-By: [$called]',
    'P-Charge-Info: <sip:[$called]@carrier.example>',
    'Server: phone-of-[$called]',
    'Organization: org-[$called]',
  ];
  const none = ['Content-Length: 0'];
  const sdp = [
    'Content-Type: application/sdp',
    'Content-Length: [len]',
    '',
    'v=0',
    'o=[$called] 53655765 2353687637 IN IP[local_ip_type] [local_ip]',
    's=[$called]',
    'c=IN IP[media_ip_type] [media_ip]',
    't=0 0',
    'm=audio [media_port] RTP/AVP 0 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
  ];
  for (const [position, behaviour] of [others, ...phones.values()].entries()) {
    const index = position - 1;
    if (index >= 0) writer.label(`phone${index}`);
    if (behaviour.kind === 'silent') {
      writer.message(send(reply('100 Trying', none)));
      writer.message('<recv request="CANCEL" next="cancelled"/>');
      continue;
    }
    writer.message(send(reply('180 Ringing', [...telling, ...none])));
    if (behaviour.kind === 'ring') {
      writer.message('<recv request="CANCEL" next="cancelled"/>');
      continue;
    }
    writer.message(
      `<recv request="CANCEL" timeout="${behaviour.afterMs}" ontimeout="act${position}" next="cancelled"/>`,
    );
    writer.label(`act${position}`);
    if (behaviour.kind === 'refuse') {
      const text = `${behaviour.status} Refused by [$called]`;
      const reason = `Reason: Q.850;cause=${Q850[behaviour.status]};text="[$called]"`;
      writer.message(send(reply(text, [reason, ...telling, ...none]), ' next="acknowledged"'));
      continue;
    }
    writer.message(send(reply('200 OK', [...telling, ...sdp]), ' retrans="500"'));
    writer.message('<recv request="ACK" rrs="true"/>');
    if (behaviour.talkMs !== undefined) {
      writer.message(
        `<recv request="BYE" timeout="${behaviour.talkMs}" ontimeout="bye${position}" next="ended"/>`,
      );
      writer.label(`bye${position}`);
      writer.message(
        send(
          [
            'BYE [$target] SIP/2.0',
            'Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]',
            'From: [$localparty];tag=[pid]SIPpTag[call_number]',
            'To: [$remoteparty]',
            '[last_Call-ID:]',
            'CSeq: 77 BYE',
            'Max-Forwards: 70',
            'Reason: Q.850;cause=16;text="[$called]"',
            ...telling,
            ...none,
          ],
          ' retrans="500"',
        ),
      );
      writer.message('<recv response="200" next="done"/>');
    } else {
      writer.message('<recv request="BYE" next="ended"/>');
    }
  }
  writer.label('ended');
  writer.message(
    send(
      [
        'SIP/2.0 200 OK',
        '[last_Via:]',
        '[last_From:]',
        '[last_To:]',
        '[last_Call-ID:]',
        '[last_CSeq:]',
        ...telling,
        ...none,
      ],
      ' next="done"',
    ),
  );
  writer.label('cancelled');
  writer.message(send(reply('200 OK', none)));
  writer.message(send(reply('487 Request Terminated', [...telling, ...none], 'CSeq: [$cseq]')));
  writer.label('acknowledged');
  writer.message('<recv request="ACK"/>');
  writer.label('done');
  writer.message('<pause milliseconds="100"/>');
  writer.reference(['match', 'cseq', 'remoteparty', 'localparty', 'target']);
  return writer.toString();
}

function furtherHeaders({ headers = {} }: CallPlan): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}
