import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { folderNames } from '../../system/folder-names.ts';
import type { EventLog } from '../events/event-log.ts';
import type { AgentPaths } from '../state/agent-paths.ts';

const suffix = '.unfinished';
/** Events that are searched for a bundle: an agent that was killed wrote its last ones just before. */
const searched = 1000;

/** Where a bundle lies until its event is written: each bundle of the agent is proved by its log of events. */
export function unfinishedBundle(id: string, { evidence }: Pick<AgentPaths, 'evidence'>): string {
  return join(evidence, `${id}${suffix}`);
}

/**
 * Finishes what an agent that was killed left: a bundle whose event is written gets its name, any other is removed.
 * Nothing else may take evidence meanwhile.
 */
export async function settleUnfinishedBundles(
  { evidence }: Pick<AgentPaths, 'evidence'>,
  events: Pick<EventLog, 'tail'>,
): Promise<void> {
  const left = (await folderNames(evidence)).filter((name) => name.endsWith(suffix));
  if (left.length === 0) return;
  const taken = new Set(
    (await events.tail(searched)).flatMap(({ kind, detail }) =>
      kind === 'evidence-taken' ? [String(detail?.id)] : [],
    ),
  );
  for (const name of left) {
    const id = name.slice(0, -suffix.length);
    if (taken.has(id)) await rename(join(evidence, name), join(evidence, `${id}.tar.zst`));
    else await rm(join(evidence, name), { force: true });
  }
}
