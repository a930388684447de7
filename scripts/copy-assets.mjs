// What the compiler leaves behind: Redis scripts are read at start, from beside the compiled code.
import { cp } from 'node:fs/promises';

await cp(new URL('../src/store/lua', import.meta.url), new URL('../dist/src/store/lua', import.meta.url), {
  recursive: true,
});
