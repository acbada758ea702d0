import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';

const result = z.object({ code: z.string(), peakMiB: z.number() });

/** Runs a TypeScript program in a process of its own and returns the JSON it prints. */
export async function runProgram(file: string, ...args: string[]): Promise<z.infer<typeof result>> {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/run-ts.mjs', file, ...args]);
  return result.parse(JSON.parse(stdout));
}
