import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { thawAbandoned } from '../../evidence/freeze.ts';
import { hostSigner } from '../../evidence/host-key.ts';
import { defaultLimits } from '../../evidence/limits.ts';
import { takeEvidence } from '../../evidence/take.ts';
import { withFlock } from '../../kernel/flock.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import type { Taken, TakeRequest } from './evidence-schema.ts';
import { subjectOnDisk } from './subject-on-disk.ts';

export interface TakeContext {
  /** State folder of the host, where its key is. */
  paths: AgentPaths;
  /** ProdNG's version. */
  prodng: string;
  /** Where the bundle is put (default: the agent's own folder, by its id). */
  output?: string;
  onThawed?: () => void;
  signal?: AbortSignal;
}

/**
 * Collects evidence of a jail by the files on disk.
 *
 * @throws ProdngError what subjectOnDisk, hostSigner and takeEvidence throw
 */
export async function takeOnDisk(
  name: string,
  request: TakeRequest,
  { paths, prodng, output, onThawed, signal }: TakeContext,
): Promise<Taken & { output: string }> {
  const subject = await subjectOnDisk(name, paths);
  const signer = await hostSigner(paths.jail);
  const { memory, secrets, reason, yara, maxBytes, maxFrozen, maxTime } = request;
  await mkdir(paths.evidence, { recursive: true, mode: 0o700 });
  await mkdir(paths.frozen, { recursive: true, mode: 0o700 });
  // one at a time: what one has frozen must not be thawed under another
  return withFlock(join(paths.frozen, `${name}.lock`), () => {
    thawAbandoned(paths.frozen);
    return takeEvidence(subject, {
      output: output ?? join(paths.evidence, `${randomBytes(8).toString('hex')}.tar.zst`),
      memory,
      secrets,
      ...(reason === undefined ? {} : { reason }),
      ...(yara === undefined ? {} : { yara }),
      limits: {
        ...defaultLimits,
        ...(maxBytes === undefined ? {} : { bytes: maxBytes }),
        ...(maxFrozen === undefined ? {} : { frozen: maxFrozen }),
        ...(maxTime === undefined ? {} : { total: maxTime }),
      },
      signer,
      prodng,
      ...(onThawed === undefined ? {} : { onThawed }),
      ...(signal === undefined ? {} : { signal }),
    });
  });
}
