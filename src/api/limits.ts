/** What the API takes of whom. Limits of 0 are none. */
export interface RequestLimits {
  /** Requests in 5 seconds with one credential. */
  readonly perCredential: number;
  /** Requests in 5 seconds from one address without right credentials: probes, pages, refusals. */
  readonly anonymous: number;
  /** Different wrong tokens in 10 minutes from one address for one account. */
  readonly wrongTokens: number;
  /** Connections at once; from one address half of them. */
  readonly connections: number;
  /** Addresses and CIDR blocks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
}

/** Milliseconds over which requests are counted, as Plivo's account limit does. */
export const REQUEST_WINDOW = 5_000;
