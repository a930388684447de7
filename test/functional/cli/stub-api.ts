import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const ID = 'MASTUBSTUBSTUBSTUB00';
const TOKEN = 'stub-token-for-tests-only';

/** Answers for paths below the account, as an API would give them. */
export class StubApi {
  /** Requests that came, with the headers that were sent. */
  readonly requests: IncomingMessage[] = [];
  readonly #server: Server;

  private constructor(answer: (path: string, request: IncomingMessage, response: ServerResponse) => void) {
    this.#server = createServer((request, response) => {
      this.requests.push(request);
      const path = (request.url ?? '').replace(`/v1/Account/${ID}/`, '');
      answer(path, request, response);
    });
  }

  static async start(
    answer: (path: string, request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<StubApi> {
    const stub = new StubApi(answer);
    stub.#server.listen(0, '127.0.0.1');
    await once(stub.#server, 'listening');
    return stub;
  }

  get environment(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    return { MASKLINE_URL: `http://127.0.0.1:${port}`, AUTH_ID: ID, AUTH_TOKEN: TOKEN };
  }

  /** Ends every connection, as a controller that is killed. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}

/** An answer of the API: `body` and its `api_id`. */
export function answerJson(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ api_id: '1a6b9e2e-0000-4000-8000-000000000000', ...body }));
}
