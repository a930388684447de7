import { person, shown } from './text.js';

/** Fields that hold a PIN. */
const PIN_FIELDS = new Set(['first_party_pin', 'second_party_pin']);
/** Fields that say little to people. */
const LEFT_OUT = new Set(['api_id', 'resource_uri', 'interaction']);

export interface DetailsOptions {
  readonly reveal: boolean;
  /** Fields that hold a person's number. */
  readonly people: readonly string[];
}

/** An object of the API, a field a line; what is null or "" is left out. */
export function details(object: Readonly<Record<string, unknown>>, options: DetailsOptions): string[] {
  const fields = Object.entries(object).filter(
    ([name, value]) => !LEFT_OUT.has(name) && value !== null && value !== '' && value !== undefined,
  );
  const width = fields.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  return fields.map(([name, value]) => `${name.padEnd(width)}  ${fieldText(name, value, options)}`);
}

function fieldText(name: string, value: unknown, { reveal, people }: DetailsOptions): string {
  if (people.includes(name)) return person(value, reveal);
  if (PIN_FIELDS.has(name) && !reveal) return '****';
  return shown(value);
}
