import { describe, expect, it, vi } from 'vitest';

import type { SessionDocument } from '../../../src/store/documents.js';
import { StoreUnavailableError } from '../../../src/store/errors.js';
import { Withdrawals, type WithdrawalNews } from '../../../src/store/withdrawals.js';
import { e164 } from '../../helpers/sessions.js';

const ONE = e164('+15550009001');
const TWO = e164('+15550009002');
const AWAY = new StoreUnavailableError('Redis did not carry out a command');

function document(id: string, virtualNumber = ONE): SessionDocument {
  return { id, virtualNumber } as SessionDocument;
}

function bed({ bound = 10 } = {}) {
  const news: WithdrawalNews[] = [];
  const redis = { answers: true };
  const withdraw = vi.fn((session: SessionDocument) => {
    if (session.id === 'unreadable') return Promise.reject(new TypeError('it cannot be read'));
    return redis.answers ? Promise.resolve('dropped' as const) : Promise.reject(AWAY);
  });
  const withdrawals = new Withdrawals({
    withdraw,
    onNews: (told) => void news.push(told),
    bound,
    pauseMs: 1,
  });
  return { news, redis, withdraw, withdrawals };
}

const create = (): Promise<string> => Promise.resolve('created');

describe('withdrawals', () => {
  it('go on until Redis answers, and then rest', async () => {
    const { news, redis, withdraw, withdrawals } = bed();
    redis.answers = false;
    withdrawals.owe(document('a'), AWAY);
    withdrawals.owe(document('b'), AWAY);
    await vi.waitFor(() => expect(withdraw.mock.calls.length).toBeGreaterThan(5));
    // While it does not answer, one session is enough to know.
    expect(new Set(withdraw.mock.calls.map(([{ id }]) => id))).toEqual(new Set(['a']));
    redis.answers = true;
    await vi.waitFor(() => expect(withdrawals.size).toBe(0));
    expect(news.map(({ sessionId, state }) => `${sessionId} ${state}`)).toEqual([
      ...['a owed', 'b owed', 'a dropped', 'b dropped'],
    ]);
    const calls = withdraw.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(withdraw.mock.calls.length).toBe(calls);
  });

  it('begin anew for what is owed later', async () => {
    const { withdrawals } = bed();
    for (const id of ['a', 'b', 'c']) {
      withdrawals.owe(document(id), AWAY);
      await vi.waitFor(() => expect(withdrawals.size).toBe(0));
    }
  });

  it('have a bound, beyond which creates fail before they claim anything', async () => {
    const { redis, withdrawals } = bed({ bound: 2 });
    redis.answers = false;
    withdrawals.owe(document('a', TWO), AWAY);
    const claim = vi.fn(create);
    let finish = (): void => undefined;
    const running = withdrawals.keepingPlace(ONE, () => new Promise<void>((resolve) => (finish = resolve)));
    await expect(withdrawals.keepingPlace(ONE, claim)).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    expect(claim).not.toHaveBeenCalled();
    finish();
    await running;
    expect(await withdrawals.keepingPlace(ONE, claim)).toBe('created');
    await withdrawals.close();
  });

  it('come before the next create on their number, and on no other', async () => {
    const { redis, withdraw, withdrawals } = bed();
    redis.answers = false;
    withdrawals.owe(document('a', ONE), AWAY);
    const claim = vi.fn(create);
    expect(await withdrawals.keepingPlace(TWO, claim)).toBe('created');
    await expect(withdrawals.keepingPlace(ONE, claim)).rejects.toBe(AWAY);
    expect(claim).toHaveBeenCalledTimes(1);
    redis.answers = true;
    expect(await withdrawals.keepingPlace(ONE, claim)).toBe('created');
    expect(withdrawals.size).toBe(0);
    expect(withdraw).toHaveBeenCalled();
  });

  it('give up what no other try would change, and say so', async () => {
    const { news, withdrawals } = bed();
    withdrawals.owe(document('unreadable'), AWAY);
    await vi.waitFor(() => expect(withdrawals.size).toBe(0));
    expect(news.at(-1)).toMatchObject({ sessionId: 'unreadable', state: 'left' });
    expect(await withdrawals.keepingPlace(ONE, create)).toBe('created');
  });

  it('are named at the end when they could not be made, also those that come later', async () => {
    const { news, redis, withdrawals } = bed();
    redis.answers = false;
    withdrawals.owe(document('a'), AWAY);
    await withdrawals.close();
    withdrawals.owe(document('b'), AWAY);
    expect(news.map(({ sessionId, state }) => `${sessionId} ${state}`)).toEqual([
      ...['a owed', 'a left', 'b left'],
    ]);
    expect(withdrawals.size).toBe(0);
  });
});
