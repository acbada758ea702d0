import { resolve } from 'node:path';
import { run } from '../../system/process.ts';

const mostLines = 2000;
const mostLength = 500;

/**
 * The unified diff of two text files, without its heads, by diff(1). Long lines and what goes past 2,000 lines are cut.
 *
 * @throws ProdngError HOST_LACKS without diffutils, COMMAND_FAILED when it takes more than a minute
 */
export async function unifiedDiff(before: string, after: string): Promise<{ diff: string; omitted: number }> {
  const argv = [
    'diff',
    '--unified=2',
    '--text',
    '--label=old',
    '--label=new',
    '--',
    resolve(before),
    resolve(after),
  ] as const;
  const { stdout } = await run([...argv], {
    accept: [0, 1],
    timeout: 60_000,
    hint: 'run: apt-get install diffutils',
  });
  const lines = stdout.trimEnd() === '' ? [] : stdout.replace(/\n$/, '').split('\n').slice(2);
  const shown = lines
    .slice(0, mostLines)
    .map((line) => (line.length > mostLength ? `${line.slice(0, mostLength)}…` : line));
  return { diff: shown.join('\n'), omitted: lines.length - shown.length };
}
