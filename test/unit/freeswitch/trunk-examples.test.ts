import { readdirSync, readFileSync } from 'node:fs';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const EXAMPLES = new URL('freeswitch/trunks/examples/', ROOT);
const names = readdirSync(EXAMPLES).map((file) => file.replace(/\.xml$/, ''));
const page = readFileSync(new URL('docs/carriers.md', ROOT), 'utf8');

const nameAndValue = (items: { name: string; value: string }[]): Map<string, string> =>
  new Map(items.map(({ name, value }) => [name, value]));

/** Tags that are not closed, or not in order. */
function leftOpen(text: string): string[] {
  const open: string[] = [];
  for (const [, closing, tag, alone] of text
    .replace(/<!--[^]*?-->/g, '')
    .matchAll(/<(\/?)([\w-]+)[^<>]*?(\/?)>/g)) {
    if (alone === '/') continue;
    if (closing !== '/') open.push(tag!);
    else if (open.at(-1) === tag) open.pop();
    else open.push(`/${tag}`);
  }
  return open;
}

function gatewayOf(name: string): {
  name: string;
  params: Map<string, string>;
  variables: Map<string, string>;
} {
  const text = readFileSync(new URL(`${name}.xml`, EXAMPLES), 'utf8');
  expect(leftOpen(text)).toEqual([]);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (tag) => tag === 'param' || tag === 'variable',
  });
  const { gateway } = (parser.parse(text) as { include: { gateway: Record<string, never> } }).include;
  const { variable } = gateway['variables'] as unknown as { variable: [] };
  return {
    name: gateway['name'] as unknown as string,
    params: nameAndValue(gateway['param'] as unknown as []),
    variables: nameAndValue(variable),
  };
}

describe.each(names)('the trunk example %s', (name) => {
  it('is a gateway of its own name that shows the virtual number and pings', () => {
    const gateway = gatewayOf(name);
    expect(gateway.name).toBe(name);
    expect(gateway.params.get('caller-id-in-from')).toBe('true');
    expect(gateway.params.get('ping')).toBe('20');
    expect(gateway.variables.get('sip_cid_type')).toBe('pid');
  });

  it('has include tags on lines of their own: FreeSWITCH drops such lines', () => {
    const lines = readFileSync(new URL(`${name}.xml`, EXAMPLES), 'utf8').split('\n');
    const tags = lines.filter((line) => /<\/?include>/.test(line));
    expect(tags.map((line) => line.trim())).toEqual(['<include>', '</include>']);
  });

  it('encrypts media where it encrypts signalling, and only there', () => {
    const { params, variables } = gatewayOf(name);
    const tls = params.get('register-transport') === 'tls';
    expect(variables.get('rtp_secure_media_outbound')).toBe(tls ? 'mandatory' : undefined);
  });

  it('is in docs/carriers.md', () => {
    expect(page).toContain(`examples/${name}.xml`);
  });
});

it('docs/carriers.md copies no example that there is not, and sets TRUNKS to the names of those that it copies', () => {
  const copied = [
    ...page.matchAll(/cp freeswitch\/trunks\/examples\/([\w-]+)\.xml freeswitch\/trunks\/([\w-]+)\.xml/g),
  ];
  expect(copied.length).toBeGreaterThanOrEqual(4);
  for (const [, from, to] of copied) {
    expect(names).toContain(from);
    expect(to).toBe(from);
    expect(page).toMatch(new RegExp(`^TRUNKS=${from}$`, 'm'));
  }
});
