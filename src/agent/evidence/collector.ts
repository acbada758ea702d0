import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';
import { thawAbandoned } from '../../evidence/freeze.ts';
import { apiErrorSchema, errorOf } from '../api/api-error.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import { type Taken, type TakeRequest, takenSchema, takeSchema } from './evidence-schema.ts';

/** What a collector is told, on its standard input, which it also watches: at its end it gives up. */
export const jobSchema = z.object({ name: z.string(), output: z.string(), request: takeSchema });

/** What it answers: one line of JSON each. */
const answerSchema = z.union([
  z.object({ thawed: z.literal(true) }),
  z.object({ taken: takenSchema }),
  apiErrorSchema,
]);

/** A collector that works. */
export interface Collection {
  /** Settles when the jail goes on, or the collection has ended. */
  thawed: Promise<void>;
  taken: Promise<Taken>;
}

/**
 * Collects evidence in a process of its own: it reads gigabytes, and hashes them, while the agent has to answer.
 *
 * @param output where the bundle is put
 */
export function startCollector(
  name: string,
  request: TakeRequest,
  output: string,
  { frozen }: AgentPaths,
  signal: AbortSignal,
): Collection {
  const [program = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [program, 'evidence-collect'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let wake = () => {};
  const thawed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const taken = new Promise<Taken>((resolve, reject) => {
    let ended: Taken | Error | undefined;
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify({ name, output, request })}\n`);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const answer = answerSchema.safeParse(parse(line));
      if (!answer.success) return;
      if ('thawed' in answer.data) wake();
      else ended = 'taken' in answer.data ? answer.data.taken : errorOf(answer.data);
    });
    child.once('error', (error) => {
      ended ??= error;
    });
    child.once('close', (status, killedBy) => {
      // the guardian has thawed it; this is for when both were killed
      thawAbandoned(frozen);
      wake();
      if (ended === undefined)
        reject(
          new ProdngError('COMMAND_FAILED', `the collector of evidence ended: ${killedBy ?? status}`, {
            hint: 'nothing was kept, and the jail goes on; try again',
          }),
        );
      else if (ended instanceof Error) reject(ended);
      else resolve(ended);
    });
    signal.addEventListener('abort', () => child.stdin.end(), { once: true });
  });
  return { thawed, taken };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
