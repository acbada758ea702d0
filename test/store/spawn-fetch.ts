import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { FetchOptions, PinnedFile } from '../../src/store/store.ts';

const program = new URL('./fetch-program.ts', import.meta.url).pathname;
const runner = new URL('../../scripts/run-ts.mjs', import.meta.url).pathname;

/** Fetches in a process of its own, which can be killed and has its own environment. */
export function spawnFetch(
  job: { folder: string; files: readonly PinnedFile[]; options: FetchOptions },
  env: Record<string, string> = {},
): ChildProcess {
  const child = spawn(process.execPath, [runner, program], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(job));
  return child;
}

/** What a process says on standard error until its end, and its exit status. */
export async function endOf(child: ChildProcess): Promise<{ status: number | null; said: string }> {
  const said = child.stderr === null ? '' : await text(child.stderr);
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('exit', resolve));
  return { status: child.exitCode, said };
}
