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

  it('is what an installed maskline-controller starts, and every command names its interpreter', async () => {
    const { bin } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
    };
    const firstLine = async (file: string): Promise<string> =>
      (await readFile(join(ROOT, file.replace(/^dist\//, '').replace(/\.js$/, '.ts')), 'utf8')).split(
        '\n',
        1,
      )[0] ?? '';
    for (const file of Object.values(bin)) {
      expect(await firstLine(file)).toMatch(/^#!\/usr\/bin\/env (-S )?node\b/);
    }
    const options = COMPILED.filter((part) => part.startsWith('--'));
    expect(await firstLine(bin['maskline-controller'] ?? '')).toBe(
      `#!/usr/bin/env -S node ${options.join(' ')}`,
    );
  });
});
