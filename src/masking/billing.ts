/**
 * Amounts are whole millionths of the currency unit, so that no sum and no product drifts. A safe integer
 * holds nine billion units.
 */
export type Millionths = number;

/** What calls and sessions cost. */
export interface Tariff {
  /** Of one leg, per minute. */
  readonly callRate: Millionths;
  /** Seconds; a leg's time is rounded up to a whole number of these. */
  readonly increment: number;
  /** Seconds; an answered leg is billed at least so many. */
  readonly minimum: number;
  /** Of a session, in whole units: clients decode it as an integer. */
  readonly sessionFee: number;
}

/** What a leg cost. */
export interface Bill {
  /** Whole seconds. */
  readonly seconds: number;
  readonly amount: Millionths;
}

export const FREE: Tariff = { callRate: 0, increment: 1, minimum: 0, sessionFee: 0 };

const MILLION = 1_000_000;
/** Six decimals are a millionth. */
const DECIMAL = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

/**
 * The bill of one leg. Instants are milliseconds since the epoch, `answeredAt` null when it was never
 * answered, which costs nothing. Half a millionth and more is rounded up, once per leg.
 */
export function billOf(leg: { answeredAt: number | null; endedAt: number }, tariff: Tariff): Bill {
  if (leg.answeredAt === null) return { seconds: 0, amount: 0 };
  const talked = Math.max(0, Math.ceil((leg.endedAt - leg.answeredAt) / 1000));
  const seconds = Math.ceil(Math.max(talked, tariff.minimum) / tariff.increment) * tariff.increment;
  const sixtieths = tariff.callRate * seconds + 30;
  return { seconds, amount: (sixtieths - (sixtieths % 60)) / 60 };
}

/** What several legs cost together; those that nobody billed cost nothing. */
export function sumOf(bills: readonly (Bill | undefined)[]): Bill {
  let seconds = 0;
  let amount = 0;
  for (const bill of bills) {
    seconds += bill?.seconds ?? 0;
    amount += bill?.amount ?? 0;
  }
  return { seconds, amount };
}

/** An amount from decimal text such as `0.0085`, with at most six decimals, or null. */
export function parseAmount(text: string): Millionths | null {
  const [, units, decimals = ''] = DECIMAL.exec(text) ?? [];
  return units === undefined ? null : Number(units) * MILLION + Number(decimals.padEnd(6, '0'));
}

/** The amount as decimal text without superfluous zeros, such as `0.0085`. */
export function printAmount(amount: Millionths): string {
  const decimals = String(amount % MILLION)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const units = String(Math.floor(amount / MILLION));
  return decimals === '' ? units : `${units}.${decimals}`;
}

/**
 * The amount as a number that JSON prints exactly as {@link printAmount} does: below a thousand million
 * units it has at most 15 digits, which a double keeps.
 */
export function amountAsNumber(amount: Millionths): number {
  return Number(printAmount(amount));
}
