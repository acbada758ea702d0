import { defineConfig } from 'vitest/config';

/** On the booted host of scripts/test-vm, where software emulation makes everything ten times as slow, or more. */
export default defineConfig({
  test: {
    include: ['test/**/*.vm.ts', 'test/**/*.test.ts'],
    // compilers stay outside
    exclude: ['test/jail/embedding-types.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 2,
    pool: 'forks',
  },
});
