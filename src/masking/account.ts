/** A subaccount: credentials, sessions and numbers of its own under the main account. */
export interface Account {
  /** Auth id: `SA` and 18 capital letters and digits. */
  readonly id: string;
  readonly name: string;
  /** A disabled one cannot authenticate. */
  readonly enabled: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}
