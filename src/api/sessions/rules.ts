/** What the configuration says about sessions. */
export interface SessionRules {
  /** ISO 3166-1 alpha-2, or "". */
  readonly defaultCountry: string;
  /** Seconds. */
  readonly maxSessionExpiry: number;
}

/** Seconds; Plivo's beta documentation, and ours where it has none (ring_timeout). */
export const SESSION_EXPIRY = { min: 60, zeroIsUnset: true } as const;
export const CALL_TIME_LIMIT = { min: 60, max: 86_400, zeroIsUnset: true } as const;
export const RING_TIMEOUT = { min: 1, max: 600, zeroIsUnset: true } as const;

/** Spellings that the SDKs and older documentation use. */
export const ALIASES = {
  sub_account: 'subaccount',
  geo_match: 'geomatch',
  is_pin_authentication: 'is_pin_authentication_required',
} as const;
