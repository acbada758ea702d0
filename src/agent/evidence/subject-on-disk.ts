import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EvidenceSubject, HostFile } from '../../evidence/subject.ts';
import { md5sumsPath, rootfsPath } from '../../jail/storage/unpacked.ts';
import { planVolumes } from '../../jail/storage/volumes.ts';
import { olderSegments } from '../events/log-segments.ts';
import { rootfsOf, treesFolder, unpackedJail, versionOf } from '../packages/installed.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import { assertJailName } from '../state/jail-name.ts';
import { overridesFile } from '../state/overrides-file.ts';
import { isRunning, readRunFile } from '../state/run-file.ts';
import { StateStore } from '../state/state-store.ts';
import { logPath } from '../supervision/log-keeper.ts';

/**
 * What a collection needs to know of a jail, from the agent's files alone: an agent that is dead or hangs is no
 * obstacle.
 *
 * @throws ProdngError USAGE, JAIL_UNKNOWN
 */
export async function subjectOnDisk(name: string, paths: AgentPaths): Promise<EvidenceSubject> {
  assertJailName(name);
  const state = await new StateStore(paths.jails).find(name);
  const installed = versionOf(state);
  const jail = unpackedJail(installed, name);
  const running = runFileOf(name, paths);
  const { record } = running?.run ?? {};
  const files: HostFile[] = [
    { path: 'jail/log', file: logPath(name, paths), artifact: 'ProdNGJailLogs' },
    ...(await olderSegments(logPath(name, paths))).slice(-1).map((file) => ({
      path: 'jail/log-older',
      file,
      artifact: 'ProdNGJailLogs' as const,
    })),
    { path: 'jail/state.json', file: join(paths.jails, `${name}.json`), artifact: 'ProdNGJailState' },
    { path: 'jail/overrides.json', file: overridesFile(name, paths), artifact: 'ProdNGJailOverrides' },
    { path: 'events/events.jsonl', file: paths.events, artifact: 'ProdNGEvents' },
    { path: 'events/events.jsonl.head', file: `${paths.events}.head`, artifact: 'ProdNGEvents' },
    { path: 'host/agent.json', file: join(paths.config, 'agent.json'), artifact: 'ProdNGAgentConfiguration' },
    ...(running === undefined
      ? []
      : [{ path: 'jail/run-file.json', file: running.file, artifact: 'ProdNGJailRun' }]),
  ];
  return {
    name,
    version: installed.version,
    deb: installed.sha256,
    control: installed.control,
    declaration: jail.declaration,
    ...(record?.pid === undefined ? {} : { run: { ...record, pid: record.pid } }),
    rootfs: rootfsOf(jail, paths),
    md5sums: {
      file: md5sumsPath(join(treesFolder(paths), installed.sha256)),
      prefix: `${rootfsPath(jail.name)}/`,
    },
    volumes: planVolumes(name, jail.declaration, paths.jail).map(({ volume, place, mount }) => ({
      path: volume.path,
      place,
      image: mount.kind === 'image',
    })),
    files,
    events: paths.events,
    notes: paths.frozen,
  };
}

function runFileOf(name: string, { runs }: AgentPaths) {
  for (const entry of namesIn(runs)) {
    const file = join(runs, entry);
    const run = entry.endsWith('.json') ? readRunFile(file) : undefined;
    if (run === undefined || !('record' in run)) continue;
    if (run.record.name === name && run.phase === 'running' && isRunning(run)) return { file, run };
  }
  return undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
