/** How a SIP gateway stands, as FreeSWITCH sees it. */
export interface GatewayStatus {
  /** `down`: OPTIONS stay unanswered, and calls through it fail at once. */
  readonly state: 'up' | 'down';
  /** Milliseconds that the far end took to answer the last OPTIONS; null when it is not asked, or did not. */
  readonly pingMs: number | null;
  /** `NOREG` where nothing is registered, else such as `REGED` or `FAIL_WAIT`. */
  readonly registration: string;
  /** Whether OPTIONS are sent at all. */
  readonly isPinged: boolean;
}

/**
 * Reads what `sofia status gateway <name>` answers (mod_sofia.c, cmd_status). Null for a gateway that FreeSWITCH does
 * not know.
 */
export function gatewayStatusIn(text: string): GatewayStatus | null {
  const field = (name: string): string => new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(text)?.[1] ?? '';
  if (field('Name') === '') return null;
  const isPinged = Number(field('PingFreq')) > 0;
  const state = field('Status') === 'UP' ? 'up' : 'down';
  const pingMs = Number(field('PingTime'));
  return {
    state,
    pingMs: isPinged && state === 'up' && pingMs > 0 ? pingMs : null,
    registration: field('State'),
    isPinged,
  };
}
