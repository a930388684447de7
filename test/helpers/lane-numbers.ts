/** Numbers that only one scenario uses: +1 555 and seven digits of their own. */
export interface LaneNumbers {
  readonly did: string;
  readonly first: string;
  readonly second: string;
  readonly stranger: string;
}

/** Digits are unlike in every place, so that a scan for one number never finds a part of another. */
export function laneNumbers(index: number): LaneNumbers {
  const lane = String(index).padStart(3, '0');
  return {
    did: `+1555${lane}9046`,
    first: `+4477${lane}31728`,
    second: `+4916${lane}82563`,
    stranger: `+3361${lane}57394`,
  };
}
