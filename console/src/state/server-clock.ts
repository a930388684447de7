/**
 * The controller's clock, as far as its answers tell: this machine's may be wrong, and a sandbox has a time of its own.
 * `Date` headers are cut to seconds, so the best of several answers counts. All in milliseconds.
 */
export class ServerClock {
  private offset = 0;
  /** How far the offset may be wrong; grows, as clocks drift. */
  private doubt = Number.POSITIVE_INFINITY;
  private notedAt = 0;
  private speed = 1;
  private isTold = false;

  constructor(private readonly local: () => number = Date.now) {}

  now(): number {
    const here = this.local();
    return here + this.offset + (here - this.notedAt) * (this.speed - 1);
  }

  /** `date`: of an answer that was asked for at `asked` and came at `came`, by this machine's clock. */
  note(date: string | null, asked: number, came: number): void {
    if (this.isTold || date === null) return;
    const told = Date.parse(date);
    if (Number.isNaN(told)) return;
    // It was made some time between the two, and its second was under way.
    const doubt = (came - asked) / 2 + 500;
    const aged = this.doubt + (came - this.notedAt) * 1e-4;
    const offset = told + 500 - (asked + came) / 2;
    const isOff = Math.abs(offset - this.offset) > doubt + aged;
    if (doubt > aged && !isOff) return;
    this.offset = offset;
    this.doubt = doubt;
    this.notedAt = came;
  }

  /** A sandbox says what time it is there, and how fast it passes. From then on no header counts. */
  tell(time: number, speed: number): void {
    this.isTold = true;
    this.notedAt = this.local();
    this.offset = time - this.notedAt;
    this.speed = speed;
  }
}
