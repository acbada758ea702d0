import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { ProdngError } from '../../error/prodng-error.ts';
import type { UnnamedFile } from '../../output/unnamed-file.ts';
import type { AgentClient } from '../client.ts';
import type { Taken } from './evidence-schema.ts';

/**
 * Fetches a bundle from the agent, and has it removed there.
 *
 * @param output made before the bundle was: a name that cannot be written must not cost a frozen jail
 * @throws ProdngError TARGET_EXISTS, IO, HASH_MISMATCH; the agent keeps the bundle then
 */
export async function downloadBundle(
  client: AgentClient,
  { id, sha256 }: Taken,
  output: { name: string; file: UnnamedFile },
): Promise<void> {
  const { name, file } = output;
  const kept = { hint: `the agent keeps it as ${id}: GET /v1/evidence/${id}` };
  const hash = createHash('sha256');
  for await (const chunk of client.bytes(`/v1/evidence/${id}`)) {
    hash.update(chunk);
    for (let rest = chunk; rest.length > 0; ) rest = rest.subarray(writeSync(file.fd, rest));
  }
  if (hash.digest('hex') !== sha256)
    throw new ProdngError('HASH_MISMATCH', `${name}: what the agent sent is not the bundle`, kept);
  await file.publish();
  await client.call('DELETE', `/v1/evidence/${id}`);
}
