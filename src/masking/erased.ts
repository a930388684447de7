/** What was removed of a person. */
export interface Erased {
  readonly sessions: number;
  readonly interactions: number;
  readonly callbacks: number;
  readonly recordings: number;
  /** Keys that were called after the person, such as those of routes and wrong PINs. */
  readonly keys: number;
  /** Call records that still waited to be taken. */
  readonly records: number;
  /** Documents that no data key opens any more: nobody can tell whom they name. */
  readonly unreadable: number;
  /** False when there was something new each time that it was looked, or a bucket has yet to remove a recording. */
  readonly complete: boolean;
}
