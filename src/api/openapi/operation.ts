import type { z } from 'zod';

/** The groups of the reference page, in its order. */
export const TAGS = {
  sessions: 'Masking sessions: two people and the virtual number that they reach each other by.',
  numbers: 'Virtual numbers.',
  subaccounts: 'Accounts below the main one, each with sessions, numbers and credentials of its own.',
  calls: 'Calls that run or ran inside a session.',
  recordings: 'Recordings of calls.',
  callbacks: 'What was sent to callback URLs.',
  persons: 'People who want to be forgotten. For the main account.',
  audit: 'Who changed what and when. For the main account.',
  health: 'For probes and monitoring. No credentials.',
} as const;

/** An answer that is no refusal. */
export interface Answer {
  readonly description: string;
  /** Left out when there is no body, or one that is not JSON. */
  readonly schema?: z.ZodType;
  /** Has to conform to the schema. */
  readonly example?: unknown;
  /** Media types of a body that is not JSON. */
  readonly media?: readonly string[];
}

/**
 * What the reference says of one route. Declared beside its handler: see plugins/resource.ts.
 *
 * `query` and `body` are the schemas that validate, so that the two cannot differ. Path parameters,
 * credentials and the refusals that follow from them (400, 401, 404, 413, 415, 429, 500) need no word.
 */
export interface Operation {
  /** camelCase, unique: the name of a method in generated clients. */
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  /** CommonMark. */
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly bodyExample?: unknown;
  /** Other spellings of keys of the body, by their documented names. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Statuses of further refusals, such as 403. */
  readonly refusals?: readonly number[];
  /** Without credentials. */
  readonly open?: true;
  /** A POST that reads alone, for what must not stand in an address: it is not audited. */
  readonly changesNothing?: true;
  /** The handler itself enters the change in the audit log, together with it: see plugins/audit.ts. */
  readonly entersItself?: true;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}
