import { randomBytes } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventLog } from '../events/event-log.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import type { SupervisedJail } from '../supervision/supervised-jail.ts';
import { startCollector } from './collector.ts';
import type { Taken, TakeRequest } from './evidence-schema.ts';
import { unfinishedBundle } from './unfinished-bundle.ts';

/** Where a bundle lies. */
export function bundleFile({ evidence }: AgentPaths, id: string): string {
  return join(evidence, `${id}.tar.zst`);
}

/**
 * Takes evidence of a jail, and keeps the bundle. No other operation freezes, thaws or stops the jail while it is frozen
 * for that.
 *
 * @param check called with the jail held; what it throws is thrown
 * @returns what was taken, and the id of the bundle
 */
export async function takeEvidence(
  { paths, events }: { paths: AgentPaths; events: EventLog },
  jail: SupervisedJail,
  request: TakeRequest,
  signal: AbortSignal,
  check: () => void = () => {},
): Promise<Taken> {
  await mkdir(paths.evidence, { recursive: true, mode: 0o700 });
  const id = randomBytes(8).toString('hex');
  const unfinished = unfinishedBundle(id, paths);
  const taking = await jail.locked(async () => {
    check();
    const collection = startCollector(jail.name, request, unfinished, paths, signal);
    collection.taken.catch(() => {});
    await collection.thawed;
    return { taken: collection.taken };
  });
  const taken = await taking.taken;
  const { reason = '' } = request;
  const { size, sha256, key, frozen = 0, matches } = taken;
  const found = matches === undefined ? {} : { matches };
  const detail = { id, bundle: taken.id, sha256, size, key, frozen, ...found };
  await events.append('evidence-taken', jail.name, reason === '' ? detail : { ...detail, reason });
  await rename(unfinished, bundleFile(paths, id));
  return { ...taken, id };
}
