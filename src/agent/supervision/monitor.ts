import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { limitMonitors } from '../../jail/confine/monitor-cgroup.ts';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { hostBusybox } from '../../jail/runtime/busybox.ts';
import type { LaunchRuntime } from '../../jail/runtime/create-jail.ts';
import { startTool } from '../../jail/runtime/host-tool.ts';
import { readPid } from '../../jail/runtime/pid-file.ts';
import { findProgram } from '../../jail/runtime/runtime.ts';
import { endingOf } from '../../kernel/child-watch.ts';
import { makePipe } from '../../kernel/pipe.ts';
import { type LogFile, logFifo, startLogKeeper } from './log-keeper.ts';

export interface MonitorOptions {
  record: RunRecord;
  /** Where conmon writes a file with the run's exit status, named by its id. */
  exits: string;
  /** What the service prints goes there, in the form of Kubernetes' logs. */
  log: LogFile;
  /** The monitor's limits are the jail's. */
  limits: Pick<JailDeclaration, 'cpu' | 'memory'>;
  /** Executed when the jail has ended, by conmon: also where no agent is there to see it. */
  atExit?: readonly [string, ...string[]];
  /** A locked file that stays locked for as long as conmon lives. */
  lock?: number;
}

/**
 * Has conmon(8) run the runtime and stay as the parent of the jail's processes: it reads what they print, and writes
 * down how they end, whatever becomes of the agent. It lives in the host's own mount namespace; only the runtime enters
 * the one that the jail's trees are mounted in.
 *
 * @returns a launcher for createJail
 * @throws ProdngError HOST_LACKS when conmon is not installed
 */
export function launchMonitored(options: MonitorOptions): LaunchRuntime {
  const conmon = findProgram('conmon');
  if (conmon === undefined)
    throw new ProdngError('HOST_LACKS', 'conmon: not found', {
      hint: 'as root, run: apt-get install conmon',
    });
  // conmon makes the same command line of what it is told
  return () => {
    // a path to it in /proc holds even once this thread has left the namespace
    const namespace = openSync('/proc/thread-self/ns/mnt', 'r');
    return launch(conmon, namespace, options).finally(() => closeSync(namespace));
  };
}

async function launch(conmon: string, namespace: number, options: MonitorOptions): Promise<number> {
  // it must not be started before this thread is back in the host's mount namespace
  await Promise.resolve();
  const keeper = startLogKeeper(options.record, options.log);
  const { readEnd, writeEnd } = makePipe();
  const pipe = new Socket({ fd: readEnd, readable: true, writable: false });
  try {
    const pid = startTool([conmon, ...conmonArguments(namespace, options)], {
      env: { _OCI_SYNCPIPE: '3' },
      descriptors: [undefined, undefined, undefined, writeEnd, options.lock],
      cwd: '/',
    });
    // it leaves a child behind that goes on
    void endingOf(pid);
  } finally {
    closeSync(writeEnd);
  }
  if (pidIn(await firstLine(pipe)) <= 0) return 1;
  const { record, limits } = options;
  const monitor = readPid(monitorPidFile(record));
  limitMonitors(record.cgroup, record.cgroups, limits, [keeper, ...(monitor === undefined ? [] : [monitor])]);
  return 0;
}

/** conmon holds the pipe open for as long as it lives: what it has to say of the creation is one line. */
function firstLine(pipe: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    pipe.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('\n')) pipe.destroy();
    });
    pipe.once('error', reject);
    pipe.once('close', () => resolve(said));
  });
}

/** conmon tells `{"data": PID}`, or a negative number and a message. */
function pidIn(said: string): number {
  const match = /"(?:data|pid)":\s*(-?\d+)/.exec(said);
  return Number(match?.[1] ?? -1);
}

function conmonArguments(namespace: number, { record, exits, atExit }: MonitorOptions): string[] {
  const enter = [`-m/proc/${process.pid}/fd/${namespace}`, '--', ...record.runtime];
  // a base image has no busybox: nsenter(1) of util-linux takes the same arguments
  const nsenter = findProgram('busybox') === undefined ? findProgram('nsenter') : undefined;
  const options: Record<string, string> = {
    cid: record.id,
    cuuid: record.id,
    name: record.name,
    runtime: nsenter ?? hostBusybox(),
    bundle: record.bundle,
    'container-pidfile': join(record.bundle, 'pid'),
    'conmon-pidfile': monitorPidFile(record),
    'persist-dir': record.bundle,
    'exit-dir': exits,
    // the keeper of the log reads it there
    'log-path': `k8s-file:${logFifo(record)}`,
  };
  return [
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ...(nsenter === undefined ? ['nsenter', ...enter] : enter).map((argument) => `--runtime-arg=${argument}`),
    ...(atExit ?? []).map((word, index) => `--exit-command${index === 0 ? '' : '-arg'}=${word}`),
    '--full-attach',
    '--no-sync-log',
  ];
}

/** Where conmon writes its own pid. */
export function monitorPidFile({ bundle }: RunRecord): string {
  return join(bundle, 'conmon.pid');
}
