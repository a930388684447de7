import { InvalidArgumentError, type Command } from 'commander';

import type { Query } from './api-client.js';
import type { Options } from './invocation.js';

/** Reads a whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Reads a session's, call's or recording's id. */
export function uuid(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new InvalidArgumentError('It has to be an id such as 0b6e4a1c-6a3f-4a53-9d0e-1d2f3a4b5c6d.');
  }
  return text.toLowerCase();
}

/** A filter: the option, the parameter of the API, and what it is for. */
export type Filter = readonly [flags: string, parameter: string, description: string];

export function filterOptions(command: Command, filters: readonly Filter[]): Command {
  for (const [flags, , description] of filters) command.option(flags, description);
  return command;
}

/** The filters that were given, as the API's parameters. */
export function filtersOf(options: Options, filters: readonly Filter[]): Query {
  return Object.fromEntries(filters.map(([flags, parameter]) => [parameter, options[optionName(flags)]]));
}

/** What commander calls an option: `--first-party <number>` is `firstParty`. */
export function optionName(flags: string): string {
  const long = /--(?:no-)?([a-z0-9-]+)/.exec(flags)?.[1] ?? flags;
  return long.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
