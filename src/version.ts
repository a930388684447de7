import { existsSync, readFileSync } from 'node:fs';

/** Of this package: its file lies one folder further up once the project is built. */
export const VERSION = packageVersion();

function packageVersion(): string {
  const places = ['../package.json', '../../package.json'].map((path) => new URL(path, import.meta.url));
  const found = places.find((place) => existsSync(place)) ?? places[0];
  return (JSON.parse(readFileSync(found as URL, 'utf8')) as { version: string }).version;
}
