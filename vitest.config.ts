import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Many random cases take their time on a machine that is busy with other things.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'functional',
          include: ['test/functional/**/*.test.ts'],
          // Most of them wait most of the time: two at a time take half as long on two cores.
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          // Each file has a FreeSWITCH of its own, on ports of its own (test/e2e/helpers/real-freeswitch.ts). More at a time
          // and a machine of two cores stands still for longer than callers, controllers and Redis wait for each other.
          maxWorkers: 2,
          maxConcurrency: 10,
        },
      },
      {
        test: {
          name: 'console',
          include: ['test/console/**/*.test.ts'],
          // One browser with its page is what a machine of two cores does at a time.
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'docker',
          include: ['test/docker/**/*.test.ts'],
          testTimeout: 120_000,
          // The images may have to be fetched and built.
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
