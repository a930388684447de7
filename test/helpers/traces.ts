/** Every header in which a carrier may write who calls. */
export function tellingHeaders(number: string): Record<string, string> {
  const digits = number.slice(1);
  const uri = `<sip:${number}@carrier.example>`;
  const passport = Buffer.from(JSON.stringify({ orig: { tn: digits } })).toString('base64url');
  return {
    'P-Asserted-Identity': `"${digits}" ${uri}`,
    'P-Preferred-Identity': uri,
    'Remote-Party-ID': `"${digits}" ${uri};party=calling;privacy=off;screen=yes`,
    Diversion: `${uri};reason=unconditional`,
    'History-Info': `${uri};index=1`,
    Identity: `eyJhbGciOiJFUzI1NiJ9.${passport}.c2ln;info=<https://cert.example/${digits}>;alg=ES256;ppt=shaken`,
    'User-to-User': `${digits}3132;encoding=hex`,
    'X-Caller': digits,
    'X-Original-From': number,
    'P-Charge-Info': uri,
    'P-Access-Network-Info': `3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=${digits}`,
    'Accept-Language': `en;x=${digits}`,
    Geolocation: `<cid:${digits}@carrier.example>`,
    Subject: `call from ${digits}`,
    'Call-Info': `<https://card.example/${digits}>;purpose=card`,
    'Alert-Info': `<https://ring.example/${digits}>`,
    Organization: `org-${digits}`,
  };
}

/** Forms in which a number can show: as digits, and inside base64url (a PASSporT). */
export function formsOf(number: string): string[] {
  const digits = number.slice(1);
  const encoded = [0, 1, 2].map((shift) => {
    const text = Buffer.from('.'.repeat(shift) + digits).toString('base64url');
    // The characters next to the ends depend on the neighbours.
    return text.slice(shift === 0 ? 0 : shift + 1, -2);
  });
  return [digits, digits.slice(1), ...encoded];
}
