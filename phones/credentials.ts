/** What the API is used with. It is kept in this page's memory alone, and gone with it. */
export interface Credentials {
  readonly id: string;
  readonly token: string;
}

/** What the phones register with, and where. */
export interface Accounts {
  readonly url: string;
  readonly password: string;
  /** Digits of the phones' own numbers. */
  readonly phones: readonly string[];
}

export interface Session {
  readonly id: string;
  /** Digits. */
  readonly number: string;
  /** What the first phone keys to reach the second, or null. */
  readonly pin: string | null;
}
