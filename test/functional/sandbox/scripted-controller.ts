import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the dialplan said when it asked: header to value, decoded. */
export type Asked = ReadonlyMap<string, string>;

/** Variables to set; `null` closes the connection without a word, `hang` never answers. */
export type Script = (asked: Asked, count: number) => Readonly<Record<string, string>> | null | 'hang';

/** A controller that answers the dialplan's questions by a script, over TCP. */
export class ScriptedController {
  readonly questions: Asked[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(script: Script) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      let text = '';
      let asked = false;
      socket.on('data', (chunk) => {
        text += chunk.toString();
        if (asked || !text.includes('\n\n')) return;
        asked = true;
        const question = headersOf(text);
        this.questions.push(question);
        const answer = script(question, this.questions.length);
        if (answer === 'hang') return;
        if (answer === null) socket.destroy();
        else socket.write(answerBytes(answer));
      });
      socket.write('connect\n\n');
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function headersOf(text: string): Asked {
  return new Map(
    text
      .slice(0, text.indexOf('\n\n'))
      .split('\n')
      .map((line): [string, string] => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon), decodeURIComponent(line.slice(colon + 2))];
      }),
  );
}

function answerBytes(variables: Readonly<Record<string, string>>): string {
  const items = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const body = `^^~${items.join('~')}`;
  const length = Buffer.byteLength(body);
  return `sendmsg\ncall-command: execute\nexecute-app-name: multiset\ncontent-type: text/plain\ncontent-length: ${length}\n\n${body}exit\n\n`;
}
