import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { MasklineError } from '../src/errors.js';
import { parseE164 } from '../src/masking/phone-number.js';
import type { CalleeBehaviour } from './phones.js';
import type { CallEnd, PlacedCall } from './placed-call.js';
import type { ReceivedCall } from './received-call.js';
import { FASTEST, type Sandbox } from './system.js';

/** Calls that are remembered once they are over. */
const REMEMBERED = 1_000;
/** Longest wait of one request, in real seconds. */
const LONGEST_WAIT = 60;
const LOOK_MS = 10;

class SandboxRequestError extends MasklineError {
  readonly code = 'ERR_SANDBOX_REQUEST';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const seconds = (most: number) => z.number().min(0).max(most);
const keys = z.string().regex(/^[0-9*#]{1,64}$/, 'has to be keys: 0 to 9, * and #');

const BEHAVIOUR = z.strictObject({
  does: z.enum(['answer', 'ring', 'busy', 'reject', 'unreachable', 'not_assigned', 'silent']),
  after: seconds(3_600).default(2),
  talk: seconds(86_400).optional(),
});

const CALL = z.strictObject({
  from: z.string().max(256),
  to: z.string().min(1).max(64),
  name: z.string().max(256).optional(),
  headers: z.record(z.string(), z.string()).optional(),
});

const KEYS = z.strictObject({ keys });

const TIME = z.strictObject({
  speed: z.number().positive().max(FASTEST).optional(),
  advance: seconds(366 * 86_400).optional(),
});

const TRUNK = z.strictObject({ state: z.enum(['up', 'down', 'silent']) });

const WAIT = z.object({
  wait_for: z.enum(['ringing', 'answered', 'prompt', 'ended']).optional(),
  timeout: z.coerce.number().min(0).max(LONGEST_WAIT).default(10),
});

type Behaviour = z.infer<typeof BEHAVIOUR>;

const REFUSALS = { busy: 486, reject: 603, unreachable: 480, not_assigned: 404 } as const;

function behaviourOf({ does, after, talk }: Behaviour): CalleeBehaviour {
  const afterMs = after * 1_000;
  switch (does) {
    case 'answer':
      return { kind: 'answer', afterMs, ...(talk === undefined ? {} : { talkMs: talk * 1_000 }) };
    case 'ring':
    case 'silent':
      return { kind: does };
    case 'busy':
    case 'reject':
    case 'unreachable':
    case 'not_assigned':
      return { kind: 'refuse', status: REFUSALS[does], afterMs };
  }
}

/** A call that somebody placed over `/sandbox/Call/`. */
interface Placed {
  readonly from: string;
  readonly to: string;
  readonly call: PlacedCall;
  state: 'calling' | 'ringing' | 'answered' | 'ended';
  end: CallEnd | null;
}

/**
 * `/sandbox/…`: the phones, the trunk and the time of the sandbox, for people with curl and for tests of integrators. No
 * credentials; it listens on loopback only. All durations are simulated seconds.
 */
export function sandboxRoutes(app: FastifyInstance, sandbox: () => Sandbox): void {
  const placed = new Map<string, Placed>();
  const told = new Map<string, Behaviour>();
  app.register(
    (scope, _options, done) => {
      scope.setErrorHandler((error, _request, reply) => {
        if (error instanceof SandboxRequestError)
          return reply.code(error.status).send({ error: error.message });
        throw error;
      });

      scope.get('/', () => ({
        ...time(),
        api: sandbox().url,
        virtual_numbers: sandbox().options.virtualNumbers,
        phones: [...told].map(([number, behaviour]) => ({ number, ...behaviour })),
        calls: [...placed.values()].map(callObject),
      }));

      scope.post('/Time', async (request) => {
        const { speed, advance } = bodyOf(TIME, request);
        const { clock } = sandbox();
        if (speed !== undefined) clock.speed = speed;
        if (advance !== undefined) await clock.advance(advance * 1_000);
        return time();
      });

      scope.post('/Trunk/:name', (request) => {
        const { name } = request.params as { name: string };
        const { phones } = sandbox().freeswitch;
        if (!phones.hasTrunk(name)) throw new SandboxRequestError(404, `there is no trunk ${name}`);
        const { state } = bodyOf(TRUNK, request);
        phones.setTrunk(name, state);
        return { name, state };
      });

      scope.post('/Phone/:number', (request) => {
        const number = numberIn(request);
        const behaviour = bodyOf(BEHAVIOUR, request);
        told.set(number, behaviour);
        sandbox().freeswitch.phones.behave(number, behaviourOf(behaviour));
        return { number, ...behaviour };
      });

      scope.get('/Phone/:number', (request) => {
        const number = numberIn(request);
        const received = sandbox().freeswitch.phones.received(number);
        return { number, behaviour: told.get(number) ?? null, calls: received.map(receivedObject) };
      });

      for (const [action, act] of Object.entries(ACTIONS)) {
        scope.post(`/Phone/:number/${action}`, (request) => {
          const number = numberIn(request);
          const call = sandbox()
            .freeswitch.phones.received(number)
            .findLast(({ endedAt }) => endedAt === null);
          if (call === undefined) throw new SandboxRequestError(409, 'no call is at that phone');
          act(call, request);
          return receivedObject(call);
        });
      }

      scope.post('/Call', (request, reply) => {
        const { from, to, name, headers } = bodyOf(CALL, request);
        const call = sandbox().freeswitch.place({
          ...{ from, to },
          ...(name === undefined ? {} : { displayName: name }),
          ...(headers === undefined ? {} : { headers }),
        });
        const entry: Placed = { from, to, call, state: 'calling', end: null };
        follow(entry);
        remember(placed, call.uuid, entry);
        return reply.code(201).send(callObject(entry));
      });

      scope.get('/Call/:uuid', async (request, reply) => {
        const entry = callIn(request);
        const { wait_for: event, timeout } = checked(WAIT, request.query);
        if (event === undefined || (await happens(entry, event, timeout))) return callObject(entry);
        return refused(reply, 408, `the call did not come to "${event}" within ${timeout} s`, entry);
      });

      scope.post('/Call/:uuid/Keys', async (request, reply) => {
        const entry = callIn(request);
        const { keys: pressed } = bodyOf(KEYS, request);
        if (entry.state !== 'answered') return refused(reply, 409, 'the call is not answered', entry);
        await entry.call.press(pressed);
        return callObject(entry);
      });

      scope.delete('/Call/:uuid', async (request) => {
        const entry = callIn(request);
        entry.call.hangup();
        await entry.call.ended;
        return callObject(entry);
      });
      done();
    },
    { prefix: '/sandbox' },
  );

  function time(): object {
    const { clock } = sandbox();
    return { time: new Date(clock.now()).toISOString(), speed: clock.speed };
  }

  function callIn(request: FastifyRequest): Placed {
    const { uuid } = request.params as { uuid: string };
    const entry = placed.get(uuid);
    if (entry === undefined) throw new SandboxRequestError(404, 'there is no such call');
    return entry;
  }
}

/** What a called phone may be told to do with the call that it has. */
const ACTIONS: Readonly<Record<string, (call: ReceivedCall, request: FastifyRequest) => void>> = {
  Answer: (call) => call.answer(),
  HangUp: (call) => (call.answeredAt === null ? call.refuseWith(603) : call.hangup()),
  Keys: (call, request) => call.press(bodyOf(KEYS, request).keys),
};

/** Resolves with true once the call has come to it, and with false when it ended before, or time is up. */
async function happens(
  { call }: Placed,
  event: 'ringing' | 'answered' | 'prompt' | 'ended',
  timeout: number,
): Promise<boolean> {
  const late = new AbortController();
  const limit = sleep(timeout * 1_000, false, { signal: late.signal }).catch(() => false);
  const waited = async (): Promise<boolean> => {
    switch (event) {
      case 'ringing':
        return call.ringing;
      case 'answered':
        return call.answered;
      case 'ended':
        await call.ended;
        return true;
      case 'prompt':
        while (!late.signal.aborted && !call.isOver) {
          if (call.heard.some(({ endedAt }) => endedAt === null)) return true;
          await sleep(LOOK_MS);
        }
        return false;
    }
  };
  try {
    return await Promise.race([waited(), limit]);
  } finally {
    late.abort();
  }
}

function follow(entry: Placed): void {
  const { call } = entry;
  void call.ringing.then((happened) => happened && entry.state === 'calling' && (entry.state = 'ringing'));
  void call.answered.then((happened) => happened && entry.state !== 'ended' && (entry.state = 'answered'));
  void call.ended.then((end) => {
    entry.state = 'ended';
    entry.end = end;
  });
}

function remember(placed: Map<string, Placed>, uuid: string, entry: Placed): void {
  placed.set(uuid, entry);
  for (const [oldest, { state }] of placed) {
    if (placed.size <= REMEMBERED) return;
    if (state === 'ended') placed.delete(oldest);
  }
}

function callObject({ from, to, call, state, end }: Placed): object {
  return {
    ...{ uuid: call.uuid, from, to, state },
    status: end?.status ?? (state === 'answered' ? 200 : null),
    ...heardBy(call),
    ended_by: end === null ? null : end.by === 'caller' ? 'caller' : 'maskline',
    talk_seconds: end === null ? null : Math.round(end.talkMs) / 1_000,
  };
}

function receivedObject(call: ReceivedCall): object {
  const state = call.endedAt !== null ? 'ended' : call.answeredAt !== null ? 'answered' : 'ringing';
  return {
    ...{ uuid: call.uuid, state, caller_number: call.callerNumber, caller_name: call.callerName },
    ...heardBy(call),
    ended_by: call.endedBy === null ? null : call.endedBy === 'phone' ? 'phone' : 'maskline',
  };
}

/** What a phone heard, on either side. */
function heardBy({ heard, digits }: PlacedCall | ReceivedCall): object {
  return { heard: heard.map(({ name, completed }) => ({ name, completed })), digits_heard: digits };
}

function numberIn(request: FastifyRequest): string {
  const { number } = request.params as { number: string };
  const parsed = parseE164(number);
  if (parsed === null)
    throw new SandboxRequestError(400, 'that is no phone number: E.164, with or without +');
  return parsed;
}

function bodyOf<Schema extends z.ZodType>(schema: Schema, { body }: FastifyRequest): z.output<Schema> {
  return checked(schema, body ?? {});
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new SandboxRequestError(400, `${field === '' ? '' : `${field}: `}${issue?.message ?? 'bad request'}`);
}

function refused(reply: FastifyReply, status: number, error: string, entry: Placed): FastifyReply {
  return reply.code(status).send({ error, call: callObject(entry) });
}
