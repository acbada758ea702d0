import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { tryLock } from '../../kernel/at.ts';
import type { Paths } from '../../system/paths.ts';
import { EventLog } from '../events/event-log.ts';
import { agentPaths } from '../state/agent-paths.ts';
import type { Taken, TakeRequest } from './evidence-schema.ts';
import { takeOnDisk } from './take-on-disk.ts';

/**
 * Collects evidence while no agent answers. The event log gets its record when the agent is dead; one that hangs still
 * owns the log, and nothing is written to it.
 *
 * @throws ProdngError what takeOnDisk throws
 */
export async function takeWithoutAgent(
  name: string,
  request: TakeRequest,
  output: string,
  { paths, prodng, signal }: { paths: Paths; prodng: string; signal: AbortSignal },
): Promise<Taken> {
  const own = agentPaths(paths);
  mkdirSync(dirname(own.lock), { recursive: true });
  const lock = openSync(own.lock, 'a', 0o600);
  try {
    const isAlone = tryLock(lock);
    const taken = await takeOnDisk(name, request, { paths: own, prodng, output, signal });
    if (isAlone) {
      const events = new EventLog(own.events);
      await events.open();
      const { id, size, sha256, key, frozen = 0 } = taken;
      await events.append('evidence-taken', name, { bundle: id, sha256, size, key, frozen });
      await events.close();
    }
    return taken;
  } finally {
    closeSync(lock);
  }
}
