import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MIB = 1_048_576;

/** A file system of a few MiB in memory that can be filled to the last byte. It takes root to mount one. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  static async mount(folder: string, megabytes: number): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'maskline-faults', folder]);
    return new SmallDisk(folder);
  }

  /** Leaves no byte free. */
  async fill(): Promise<void> {
    const ballast = join(this.folder, 'ballast');
    const { bavail, bsize } = await statfs(this.folder);
    // Some more than fits: the write stops where the disk ends.
    await writeFile(ballast, Buffer.alloc(bavail * bsize + MIB)).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    });
  }

  async free(): Promise<void> {
    await truncate(join(this.folder, 'ballast'), 0);
    await rm(join(this.folder, 'ballast'));
  }

  async unmount(): Promise<void> {
    // Lazily: a process that was killed a moment ago may still have a file open.
    await run('umount', ['-l', this.folder]);
  }
}
