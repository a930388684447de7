import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority of the tests, made by openssl. */
export class Authority {
  readonly #folder: string;
  #serial = 1;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static make(folder: string, name: string): Authority {
    mkdirSync(folder, { recursive: true });
    const authority = new Authority(folder);
    const files = ['-keyout', join(folder, 'ca.key'), '-out', join(folder, 'ca.pem')];
    authority.#openssl(['req', '-x509', ...NEW_KEY, ...files, '-days', '2', '-subj', `/CN=${name}`]);
    return authority;
  }

  /** Its own certificate. */
  get certificate(): string {
    return readFileSync(join(this.#folder, 'ca.pem'), 'utf8');
  }

  /** A key with a certificate for `subject`, such as `DNS:localhost` or `IP:127.0.0.1`, good from now for `days`. */
  issue(subject: string, days = 1): KeyPair {
    const base = join(this.#folder, String(this.#serial));
    this.#serial += 1;
    writeFileSync(`${base}.ext`, `subjectAltName=${subject}\n`);
    const name = subject.replace(/^\w+:/, '');
    this.#openssl([
      'req',
      ...NEW_KEY,
      '-keyout',
      `${base}.key`,
      '-out',
      `${base}.csr`,
      '-subj',
      `/CN=${name}`,
    ]);
    const authority = ['-CA', join(this.#folder, 'ca.pem'), '-CAkey', join(this.#folder, 'ca.key')];
    const files = ['-in', `${base}.csr`, '-out', `${base}.pem`, '-extfile', `${base}.ext`];
    this.#openssl(['x509', '-req', ...files, ...authority, '-CAcreateserial', '-days', String(days)]);
    return { certificate: readFileSync(`${base}.pem`, 'utf8'), key: readFileSync(`${base}.key`, 'utf8') };
  }

  #openssl(options: readonly string[]): void {
    execFileSync('openssl', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Fills a folder as TLS_DIR wants it: our own certificate with its key, and whom we believe. */
export function writeTlsFolder(folder: string, own: KeyPair, believed: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'agent.pem'), `${own.certificate}${own.key}`, { mode: 0o600 });
  writeFileSync(join(folder, 'cafile.pem'), believed);
}
