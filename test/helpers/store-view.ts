import { randomUUID } from 'node:crypto';
import { CreateParams } from '../../src/api/sessions/create-params.js';
import { allocate } from '../../src/masking/allocate.js';
import type { Interaction } from '../../src/masking/interaction.js';
import { Store } from '../../src/store/index.js';
import { AUTH_ID, type Stack } from './stack.js';

/** The tests' own look into Redis, with the controllers' keys. */
export class StoreView {
  readonly #store: Store;
  readonly #params = new CreateParams({ defaultCountry: '', maxSessionExpiry: 86_400 });

  private constructor(store: Store) {
    this.#store = store;
  }

  static of(stack: Stack): StoreView {
    return new StoreView(new Store({ url: stack.redisUrl, dataKeys: [stack.dataKey] }));
  }

  async interactions(sessionId: string): Promise<readonly Interaction[]> {
    return (await this.#store.sessions.get(sessionId, Date.now()))?.interactions ?? [];
  }

  /** Creates a session as the API does, with times that the API would refuse as too short, in seconds. */
  async createShort(
    parameters: Record<string, unknown>,
    shorter: { readonly sessionExpiry?: number; readonly callTimeLimit?: number },
  ): Promise<string> {
    const draft = this.#params.draft(parameters, AUTH_ID, Date.now());
    const changed = { ...draft, settings: { ...draft.settings, ...shorter } };
    const session = await this.#store.sessions.create(changed, {
      choose: (request, candidates) =>
        allocate(request, candidates).filter((number) => number === parameters['virtual_number']),
    });
    if (session.settings.initiateCallToFirstParty) {
      const job = { interactionId: randomUUID(), sessionId: session.id, number: session.virtualNumber };
      await this.#store.originations.push(job, Date.now());
    }
    return session.id;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
