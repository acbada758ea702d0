import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'test/support/build-when-stale.ts',
    include: ['test/**/*.test.ts'],
    // They end what hangs; a slow machine is no failure.
    testTimeout: 120_000,
    hookTimeout: 900_000,
    // Two cores in CI: more workers than cores only make the timings of the real jails erratic.
    maxWorkers: 2,
    pool: 'forks',
  },
});
