import { holdsVariable } from './text.js';

export type VariableValue = string | readonly string[];

/**
 * A channel's variables: names without regard to case, in the order of their last change, a list
 * where something was pushed (switch_event.c).
 */
export class ChannelVariables {
  readonly #values = new Map<string, { name: string; value: VariableValue }>();

  /** The value as `${name}` gives it; a list in FreeSWITCH's own notation. */
  get(name: string): string | undefined {
    const found = this.#values.get(name.toLowerCase())?.value;
    if (found === undefined || typeof found === 'string') return found;
    return `ARRAY::${found.join('|:')}`;
  }

  /** Sets a variable; undefined or "" unsets it (switch_channel_set_variable_var_check). */
  set(name: string, value: VariableValue | undefined): void {
    const key = name.toLowerCase();
    this.#values.delete(key);
    if (name === '' || value === undefined || value.length === 0) return;
    this.#values.set(key, { name, value: listOf(value) });
  }

  /** As FreeSWITCH's own code sets them: a value that holds `${` is refused. */
  setChecked(name: string, value: string | undefined): void {
    if (value === undefined || !holdsVariable(value)) this.set(name, value);
  }

  /** Adds to a list (SWITCH_STACK_PUSH). */
  push(name: string, value: string): void {
    const found = this.#values.get(name.toLowerCase());
    if (found === undefined) this.set(name, value);
    else found.value = [...(typeof found.value === 'string' ? [found.value] : found.value), value];
  }

  /** Name and value of each, in order. */
  entries(): [name: string, value: VariableValue][] {
    return [...this.#values.values()].map(({ name, value }) => [name, value]);
  }
}

function listOf(value: VariableValue): VariableValue {
  if (typeof value !== 'string' || !value.startsWith('ARRAY::')) return value;
  return value.slice('ARRAY::'.length).split('|:');
}
