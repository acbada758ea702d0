import { z } from 'zod';

const attempt = z.strictObject({
  id: z.string(),
  what: z.string(),
  outcome: z.enum(['prevented', 'succeeded', 'broken', 'unsupported']),
  /** The errno or limit that prevented it, the evidence of a success, or what this host lacks. */
  by: z.string(),
});

export type Attempt = z.infer<typeof attempt>;

const total = z.strictObject({ attempts: z.number() });

/**
 * Reads what the hostile program printed.
 *
 * @throws when it did not come to its end, or not all of its attempts reported
 */
export function parseAttempts(output: string): Attempt[] {
  const lines = output.trim().split('\n');
  const last = lines.pop() ?? '';
  const found = lines.map((line) => attempt.parse(JSON.parse(line)));
  if (!last.startsWith('{"attempts":'))
    throw new Error(`the hostile program did not come to its end, but to ${found.at(-1)?.id}: ${last}`);
  const planned = total.parse(JSON.parse(last)).attempts;
  if (planned !== found.length) throw new Error(`${found.length} of ${planned} attempts reported`);
  if (new Set(found.map(({ id }) => id)).size !== planned) throw new Error('two attempts have the same name');
  return found;
}
