import { closeSync, mkdirSync } from 'node:fs';
import { ProdngError } from '../../error/prodng-error.ts';
import { startConfined } from '../../jail/confine/start-confined.ts';
import { type RunRecord, runFolder } from '../../jail/lifecycle/jail-slot.ts';
import { nameLockPath, tryNameLock } from '../../jail/lifecycle/name-lock.ts';
import { endDhcpClientArgv } from '../../jail/network/dhcp-client.ts';
import type { JailNetwork, Uplink } from '../../jail/network/network.ts';
import { createJail } from '../../jail/runtime/create-jail.ts';
import type { PreparedJail } from '../../jail/runtime/prepare-jail.ts';
import { killAndReap } from '../../kernel/child-watch.ts';
import type { StartObserver } from '../observation/observation.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import { bootId, type RunFile, writeRunFile } from '../state/run-file.ts';
import { type LogFile, logPath } from './log-keeper.ts';
import { launchMonitored } from './monitor.ts';

export interface StartRequest {
  /** The jail's name, which may be that of an instance. */
  name: string;
  prepared: PreparedJail;
  uplink?: Uplink;
  /** Beside a run of the same jail, which holds the name's lock. */
  beside: boolean;
  /** It is not the service that runs but Jail-Prepare: the next agent ends such a run instead of taking it over. */
  isPreparation?: boolean;
  /** What must be on disk before the service's first instruction; when it fails, so does the start. */
  wanted?: Promise<void>;
  log: Omit<LogFile, 'path'>;
  observer: StartObserver;
}

/** A run that this agent has started. */
export interface StartedRun {
  run: RunFile;
  network: JailNetwork;
}

/**
 * Starts a jail with conmon as its monitor. What it takes to clear it away is on disk before anything of it exists;
 * it counts as running, and outlives the agent, from the moment that the kernel's word has been compared with the
 * declaration. Until then it dies with the agent.
 *
 * When it throws, the caller clears away what `onRun` told.
 *
 * @param onRun called as soon as there is something to clear away
 * @throws ProdngError as runJail does
 */
export async function startRun(
  { name, prepared, uplink, beside, isPreparation = false, wanted, log, observer }: StartRequest,
  paths: AgentPaths,
  onRun: (run: RunFile) => void,
): Promise<StartedRun> {
  mkdirSync(runFolder(paths.jail), { recursive: true, mode: 0o700 });
  const lock = beside ? undefined : lockName(name, paths);
  let run: RunFile = {
    format: 1,
    boot: bootId(),
    phase: 'creating',
    started: new Date().toISOString(),
    ...(uplink === undefined ? {} : { network: uplink }),
    record: prepared.record,
  };
  const record = (phase: RunFile['phase'], to: RunRecord) => {
    run = { ...run, phase, record: to };
    writeRunFile(paths.runs, run);
    onRun(run);
  };
  record('creating', prepared.record);
  try {
    const launch = launchMonitored({
      record: prepared.record,
      exits: paths.exits,
      log: { ...log, path: logPath(name, paths) },
      limits: prepared.declaration,
      ...(lock === undefined ? {} : { lock }),
      ...(uplink?.address === 'dhcp' ? { atExit: endDhcpClientArgv(prepared.record.bundle) } : {}),
    });
    const created = await createJail(prepared, launch);
    try {
      record('creating', created.record);
      await observer.created(created.record);
      const network = await startConfined(prepared, created, {
        paths: paths.jail,
        uplink,
        hint: `read what it printed: prodng logs ${name}`,
        onConfined: async () => {
          await wanted;
          observer.confined(created.pid);
          record(isPreparation ? 'creating' : 'running', created.record);
        },
      });
      return { run, network };
    } catch (error) {
      // it is traced: its parent does not learn of its end before we have
      await killAndReap(created.pid);
      throw error;
    }
  } finally {
    if (lock !== undefined) closeSync(lock);
  }
}

/** The lock of the name, which `prodng run` takes too: their volumes are the same. conmon goes on holding it. */
function lockName(name: string, paths: AgentPaths): number {
  const folder = runFolder(paths.jail);
  const fd = tryNameLock(nameLockPath(folder, name));
  if (fd !== undefined) return fd;
  throw new ProdngError('BUSY', `a jail named ${name} is running, outside of the agent`, {
    hint: `end that one: prodng run holds ${folder}/${name}.lock`,
  });
}
