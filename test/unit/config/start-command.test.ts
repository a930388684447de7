import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { COMPILED, SOURCES } from '../../helpers/controller.js';

const ROOT = new URL('../../../', import.meta.url).pathname;

describe('what tests and benchmarks start as a controller', () => {
  it('is what the image starts', async () => {
    const command = /^CMD (.*)$/m.exec(await readFile(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '[]';
    expect(JSON.parse(command)).toEqual(['node', ...COMPILED]);
  });

  it('is what npm run controller starts, from the sources', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['controller']?.split(' ')).toEqual([
      'node',
      ...SOURCES.map((part) => part.replace(ROOT, '')),
    ]);
  });
});
