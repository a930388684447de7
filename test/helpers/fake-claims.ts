import { CallClaims } from '../../src/calls/call-claims.js';
import type { Admission, CallAdmissions, CallStore } from '../../src/calls/ports.js';
import type { DestinationProblem } from '../../src/masking/destinations.js';
import type { SessionNotice } from '../../src/masking/session-note.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { NOW } from './sessions.js';

/** Admissions, destinations and notes that answer what a test tells them to, and keep what they were told. */
export class FakeClaimPorts implements CallAdmissions {
  admission: Admission = { limit: null, secondsLeft: null };
  /** Numbers that may not be called. */
  readonly problems = new Map<string, DestinationProblem>();
  readonly dismissed: string[] = [];
  readonly noted: SessionNotice[] = [];

  admit(): Promise<Admission> {
    return Promise.resolve(this.admission);
  }

  dismiss(interactionId: string): Promise<void> {
    this.dismissed.push(interactionId);
    return Promise.resolve();
  }

  problemOf(number: string): Promise<DestinationProblem | null> {
    return Promise.resolve(this.problems.get(number) ?? null);
  }

  note(_session: unknown, notice: SessionNotice): Promise<boolean> {
    this.noted.push(notice);
    return Promise.resolve(true);
  }

  claimsOn(store: CallStore): CallClaims {
    const log = createLogger({ level: 'silent' });
    return new CallClaims({ store, admissions: this, destinations: this, notes: this, now: () => NOW, log });
  }
}
