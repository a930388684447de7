import { setProfileField } from '../caller-profile.js';
import type { Channel } from '../channel.js';
import type { Core } from '../core.js';
import { SandboxUnsupportedError } from '../errors.js';
import { expand, separate } from '../text.js';

/** `name=value`; the value is expanded once more (mod_dptools.c, base_set). */
export function set(_: Core, channel: Channel, data: string): void {
  const at = data.includes('=') ? data.indexOf('=') : data.indexOf(',');
  const name = at < 0 ? data : data.slice(0, at);
  const value = at < 0 ? '' : data.slice(at + 1);
  if (name === '') return;
  channel.variables.set(name, value === '' ? undefined : expand(value, (variable) => channel.get(variable)));
}

/** Several `name=value`, between blanks or the character after `^^`. */
export function multiset(core: Core, channel: Channel, data: string): void {
  for (const item of items(data)) set(core, channel, item);
}

export function unset(_: Core, channel: Channel, data: string): void {
  channel.variables.set(data, undefined);
}

export function multiunset(_: Core, channel: Channel, data: string): void {
  for (const name of items(data)) channel.variables.set(name, undefined);
}

function items(data: string): string[] {
  return data.startsWith('^^') ? separate(data.slice(3), data.charAt(2)) : separate(data, ' ');
}

/** Sets a variable here and, at the next bridge, on the other leg; `nolocal:` only there. */
export function exportVariable(_: Core, channel: Channel, data: string): void {
  const at = data.indexOf('=');
  if (at < 1) return;
  const noLocal = data.startsWith('nolocal:');
  const name = data.slice(noLocal ? 'nolocal:'.length : 0, at);
  const value = expand(data.slice(at + 1), (variable) => channel.get(variable));
  const exports = channel.variables.get('export_vars');
  const listed = noLocal ? `nolocal:${name}` : name;
  channel.variables.set('export_vars', exports === undefined ? listed : `${exports},${listed}`);
  channel.variables.set(listed, value);
}

export function setName(_: Core, channel: Channel, data: string): void {
  if (data !== '') channel.rename(data);
}

export function setProfileVar(_: Core, channel: Channel, data: string): void {
  const at = data.indexOf('=');
  const name = at < 0 ? data : data.slice(0, at);
  if (!setProfileField(channel.profile, name, at < 0 ? '' : data.slice(at + 1))) {
    throw new SandboxUnsupportedError(`set_profile_var of ${name} is not simulated`);
  }
}

/** `name=value`, for the whole switch. */
export function setGlobal(core: Core, _: Channel, data: string): void {
  const at = data.indexOf('=');
  const value = at < 0 ? '' : data.slice(at + 1);
  core.setGlobal(at < 0 ? data : data.slice(0, at), value === '' ? undefined : value);
}

/** The sandbox keeps no log: a line could hold a phone number. */
export function log(): void {
  return undefined;
}
