import type { FastifyInstance, FastifyReply } from 'fastify';

import { digitsOf } from '../../masking/phone-number.js';
import { PollLoop } from '../../poll-loop.js';
import type { FedStep } from '../../store/index.js';
import type { ApiDeps, TraceFeedReader } from '../deps.js';
import { ApiError, TEXT } from '../errors.js';
import { requireMain } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { FEED_OPERATION } from './trace-operations.js';
import { stepObject } from './trace-object.js';

/** Connections that follow calls at a time, on one controller. */
const MOST_FOLLOWERS = 64;
/** Milliseconds between two looks at the feed. */
const LOOK_MS = 250;
/** Milliseconds without an event after which a comment is sent. */
const QUIET_MS = 15_000;
/** Bytes that may wait for a reader who does not read; then the connection is closed, and it comes back. */
const MOST_WAITING = 1_048_576;
/** Milliseconds after which a connection ends, so that who comes back shows again who it is. */
const LONGEST_MS = 3_600_000;
/** Milliseconds after which a client that lost its connection should come back. */
const RETRY_MS = 2_000;

/** `Masking/Explain/Call/Events/`: what happens to calls, as it happens. */
export function feedRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const followers = new Set<Follower>();
  scope.addHook('preClose', async () => {
    await Promise.all([...followers].map((follower) => follower.end()));
  });
  resource(scope, '/Masking/Explain/Call/Events', {
    GET: {
      operation: FEED_OPERATION,
      handler: async (request, reply) => {
        requireMain(request);
        if (followers.size >= MOST_FOLLOWERS) throw new ApiError(503, TEXT.followers);
        const given = request.headers['last-event-id'];
        const follower = new Follower(reply, deps.feed, () => followers.delete(follower));
        // Its place is taken while Redis is asked, too.
        followers.add(follower);
        try {
          follower.begin(await startAt(deps.feed, typeof given === 'string' ? given : null));
        } catch (error) {
          followers.delete(follower);
          throw error;
        }
        return reply;
      },
    },
  });
}

interface Start {
  readonly id: string;
  readonly isReset: boolean;
}

async function startAt(feed: TraceFeedReader, given: string | null): Promise<Start> {
  if (given === null || given === '') return { id: await feed.end(), isReset: false };
  if (await feed.reaches(given)) return { id: given, isReset: false };
  return { id: await feed.end(), isReset: true };
}

/** One connection that is told of every step. */
class Follower {
  readonly #reply: FastifyReply;
  readonly #feed: TraceFeedReader;
  readonly #loop: PollLoop;
  readonly #onEnd: () => void;
  readonly #until = performance.now() + LONGEST_MS;
  #id = '';
  #lastSent = Date.now();
  #hasEnded = false;

  constructor(reply: FastifyReply, feed: TraceFeedReader, onEnd: () => void) {
    this.#reply = reply;
    this.#feed = feed;
    this.#onEnd = onEnd;
    this.#loop = new PollLoop(() => this.#look(), LOOK_MS);
  }

  begin({ id, isReset }: Start): void {
    const { raw } = this.#reply;
    this.#id = id;
    const headers = Object.entries(this.#reply.getHeaders()).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    this.#reply.hijack();
    raw.on('close', () => void this.end());
    if (raw.destroyed || raw.closed) {
      // The client has gone while Redis was asked, and nothing will tell so any more.
      void this.end();
      return;
    }
    raw.writeHead(200, {
      ...Object.fromEntries(headers),
      'content-type': 'text/event-stream; charset=utf-8',
      // A proxy that gathers answers would hold the events back.
      'x-accel-buffering': 'no',
    });
    this.#send(`retry: ${RETRY_MS}\n\n`);
    // So that a client that loses its connection before the first event comes back to here.
    this.#send(eventText(isReset ? 'reset' : 'ready', {}, this.#id));
    this.#loop.start();
  }

  /** Idempotent. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd();
    await this.#loop.stop();
    this.#reply.raw.end();
  }

  async #look(): Promise<boolean> {
    let steps: FedStep[];
    try {
      steps = await this.#feed.after(this.#id);
    } catch (error) {
      // It comes back by itself, after the last event that it had.
      this.#reply.log.warn({ err: error }, 'calls cannot be followed while Redis is away');
      void this.end();
      return false;
    }
    for (const { id, call, step } of steps) {
      if (id !== null) this.#id = id;
      const about = {
        call_uuid: call.id,
        virtual_number: call.number === null ? null : digitsOf(call.number),
        session_uuid: call.sessionId,
        node: call.node,
      };
      this.#send(eventText('step', { ...about, ...stepObject(step) }, id));
    }
    if (steps.length === 0 && Date.now() - this.#lastSent >= QUIET_MS) this.#send(': alive\n\n');
    const { writableLength, destroyed } = this.#reply.raw;
    if (destroyed || writableLength > MOST_WAITING || performance.now() > this.#until) void this.end();
    return steps.length > 0;
  }

  #send(text: string): void {
    if (this.#hasEnded) return;
    this.#lastSent = Date.now();
    this.#reply.raw.write(text);
  }
}

function eventText(name: string, data: object, id: string | null): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
