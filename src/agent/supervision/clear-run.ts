import { removeCgroup } from '../../jail/confine/cgroup.ts';
import { monitorCgroup } from '../../jail/confine/monitor-cgroup.ts';
import { clearAway } from '../../jail/lifecycle/clear-away.ts';
import { endProgram } from '../../jail/lifecycle/end-program.ts';
import { runFolder } from '../../jail/lifecycle/jail-slot.ts';
import { nameLockPath, removeNameLock } from '../../jail/lifecycle/name-lock.ts';
import { endDhcpClient } from '../../jail/network/dhcp-client.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import { bootId, type RunFile, removeRunFile } from '../state/run-file.ts';
import type { Exits } from './exits.ts';
import { endLogKeeper } from './log-keeper.ts';
import { monitorPidFile } from './monitor.ts';

/**
 * Ends a run and removes all that it had: its monitor, processes, control group, bundle, exit status and last of all
 * the file that tells of it. Doing it twice does no harm.
 */
export async function clearRun(run: RunFile, paths: AgentPaths, exits: Exits): Promise<void> {
  const { record } = run;
  const { pid: _pid, startTime: _startTime, ...processless } = record;
  // pids of another boot belong to somebody else now
  const known = run.boot === bootId() ? record : processless;
  // each ends by itself with its jail, unless that was never made
  await endProgram({ name: 'conmon', argument: record.bundle, pidFile: monitorPidFile(record) });
  if (run.network?.address === 'dhcp') await endDhcpClient(record.bundle);
  await endLogKeeper(record);
  await clearAway(known);
  await removeCgroup(monitorCgroup(record.cgroup), record.cgroups);
  // conmon, which held it, is gone
  removeNameLock(nameLockPath(runFolder(paths.jail), record.name));
  exits.forget(record.id);
  removeRunFile(paths.runs, record.id);
}
