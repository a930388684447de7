import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, longest first: some wait for a minute and more. */
const LONGEST = [
  'functional/many-nodes/nodes-come-and-go',
  'functional/known-callers-without-redis',
  'functional/callbacks/controllers-are-killed-at-random',
  'functional/scenarios',
  'functional/callbacks/calls',
  'functional/recordings/a-call-goes-to-the-bucket',
  'functional/callbacks/a-controller-is-stopped-during-deliveries',
  'functional/cli/doctor-names-the-cause',
  'functional/supervision/the-holder-goes',
  'e2e/known-callers-without-redis',
  'e2e/freeswitch-drains',
  'e2e/redis-dies-at-each-stage',
  'e2e/rolling-restart-under-load',
  'e2e/browser-phones',
].map((name) => `/test/${name}.test.ts`);

/**
 * Begins with the longest files of a project, so that none of them runs alone at the end. By itself vitest knows only how
 * large a file is where it has never run it, as in a clean clone.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const place = ({ project, moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return projects.indexOf(project.name) * 1_000 + (at < 0 ? LONGEST.length : at);
    };
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // Many random cases take their time on a machine that is busy with other things.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'functional',
          include: ['test/functional/**/*.test.ts'],
          // Most of them wait most of the time: three at a time leave two cores idle for a third of it.
          maxWorkers: 3,
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
