import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Bench, medianTimes } from './bench.ts';

const runFile = promisify(execFile);

async function launch(...args: string[]): Promise<void> {
  await runFile(process.execPath, args);
}

/** What a user waits for before any command does anything. */
export const startBench: Bench = {
  name: 'start',
  async run() {
    const rows = [];
    for (const args of [['--help'], ['build', '--help']]) {
      const times = await medianTimes(
        15,
        () => launch('bin/prodng', ...args),
        () => launch('-e', '0'),
      );
      rows.push({ what: `prodng ${args.join(' ')}`, ...times, peer: 'node -e 0', unit: 'ms' as const });
    }
    return rows;
  },
};
