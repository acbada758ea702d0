import type { TestedHost } from './report.ts';

/** As the suite last went; each run compares itself with its own, and prints what belongs here. */
export const testedHosts: readonly [developer: TestedHost, production: TestedHost] = [
  {
    host: 'cgroup v1, runc',
    succeeded: ['63 of 340', '0 of 340', '0 of 340', '0 of 358', '0 of 358'],
  },
  {
    host: 'Debian 12 (6.1, cgroup v2, crun)',
    succeeded: ['67 of 340', '0 of 340', '0 of 340', '0 of 358', '0 of 358'],
  },
];
