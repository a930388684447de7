import { recalled, remember } from './remembered.js';
import { Store } from './store.js';

const KEY = 'maskline-sandbox-phones';
const MOST = 20;
/** Numbers that nobody has: Ofcom's for drama, and one of those that docs/sandbox.md calls. */
const FIRST = ['+447700900101', '+4915550102030'];

/** Phones of the sandbox that the panel shows. They are made up: a sandbox calls nobody. */
export const phoneBook = new Store<readonly string[]>(stored());

phoneBook.subscribe((numbers) => remember(KEY, numbers.join(' ')));

/** In E.164; one that is there already stays where it is. */
export function addPhone(number: string): void {
  if (!phoneBook.value.includes(number)) phoneBook.set([...phoneBook.value, number].slice(-MOST));
}

export function removePhone(number: string): void {
  phoneBook.set(phoneBook.value.filter((each) => each !== number));
}

function stored(): readonly string[] {
  const numbers = (recalled(KEY) ?? '').split(' ').filter((each) => /^\+\d{7,15}$/.test(each));
  return numbers.length === 0 ? FIRST : numbers;
}
