/** Milliseconds of the prompt before a caller begins to key. */
const KEYS_AFTER_MS = 500;
/** Milliseconds of audio in a packet: long ones, whose timers leave the machine to the calls, and those that keys come in. */
const [LONG_PACKETS, KEY_PACKETS] = [120, 20];

/** What a phone says of its audio. `ptime` in milliseconds. */
function offer(user: string, ptime: number): string {
  return `v=0
o=${user} 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=ptime:${ptime}`;
}

/**
 * A caller who dials, talks for `holdMs` milliseconds and hangs up. With `keys`, a capture of keys (RFC 4733) that last
 * `ms` milliseconds, they are pressed `KEYS_AFTER_MS` after the answer, which comes before the prompt; packets are of 20 ms
 * then, as keys are.
 */
export function callerXml(holdMs: number, keys: { file: string; ms: number } | null = null): string {
  const pressed =
    keys === null
      ? ''
      : `<pause milliseconds="${KEYS_AFTER_MS}"/>
<nop><action><exec play_pcap_audio="${keys.file}"/></action></nop>
<pause milliseconds="${keys.ms}"/>`;
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

${offer('caller', keys === null ? LONG_PACKETS : KEY_PACKETS)}

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
${pressed}
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

/** A phone that answers at once. */
export const PHONE = `<?xml version="1.0" encoding="UTF-8"?>
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

${offer('phone', LONG_PACKETS)}

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
