import { closeSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import { inOwnMountNamespace } from '../kernel/mount.ts';
import { listenUnix, receiveDescriptor } from '../kernel/terminal.ts';
import { endOf, runTool, startTool } from './host-tool.ts';
import { openIdMapping } from './id-mapping.ts';
import { type RunRecord, startTimeOf } from './jail-slot.ts';
import type { OciSpec } from './oci-types.ts';
import type { PreparedJail } from './prepare-jail.ts';
import { runtimeErrors } from './runtime.ts';
import { stageMounts } from './staging.ts';
import { rememberStreamOwners } from './stream-owners.ts';
import { makeVolumes } from './volumes.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** A jail with all its namespaces, whose service has not been started. */
export interface CreatedJail {
  /** Its first process, as the host counts. */
  pid: number;
  record: RunRecord;
  /** Kills it when prodng ends, until it is called off. */
  watchdog: Watchdog;
  /** Our end of its terminal, when it has one; the caller owns it. */
  master?: number;
  /** Takes back what the runtime has given away of our streams; to be called before the service's first instruction. */
  takeStreamsBack(): void;
  /** Has the first process execute the service. */
  start(): Promise<void>;
  /** What the runtime has complained of. */
  errors(): string;
}

/**
 * Runs the runtime's `create` and tells its exit status. It is called within the mount namespace that the runtime has to
 * be in, and has left it when its promise is waited for.
 */
export type LaunchRuntime = (argv: readonly [string, ...string[]]) => Promise<number>;

/** The service's streams are ours: the runtime hands its own on. */
const launchInherited: LaunchRuntime = async (argv) => {
  const { status } = await endOf(startTool(argv, { stdio: 'inherit' }), argv[0]);
  return status;
};

/**
 * Has the runtime create the jail, in a mount namespace where its trees are mounted: they show up nowhere else.
 *
 * @param launch how the runtime is run (default: as our child, with our own standard streams)
 * @throws ProdngError JAIL_START with what the runtime says, HOST_LACKS when the file system cannot be idmapped
 */
export async function createJail(
  prepared: PreparedJail,
  launch: LaunchRuntime = launchInherited,
): Promise<CreatedJail> {
  const { record, expected, name } = prepared;
  const errors = () => runtimeErrors(join(record.bundle, 'log')) || 'it does not say why';
  const [mapping] = await Promise.all([
    openIdMapping(prepared.range),
    writeBundle(record, prepared.spec),
    makeVolumes(prepared.volumes, expected.account),
  ]);
  const takeStreamsBack = rememberStreamOwners();
  const creating = startCreating(prepared, mapping.fd, launch);
  mapping.close();
  // while the runtime works: to start a program takes a process as big as this one some ms
  const watchdog = startWatchdog();
  try {
    const { pid, startTime } = await firstProcess(creating.runtime, prepared, errors);
    watchdog.guard(pid);
    return {
      pid,
      record: { ...record, pid, startTime },
      watchdog,
      ...(creating.listener === undefined ? {} : { master: receiveDescriptor(creating.listener) }),
      takeStreamsBack,
      start: () => start(record, name, errors),
      errors,
    };
  } catch (error) {
    watchdog.callOff();
    throw error;
  } finally {
    if (creating.listener !== undefined) closeSync(creating.listener);
  }
}

async function writeBundle({ bundle }: RunRecord, spec: OciSpec): Promise<void> {
  await mkdir(bundle, { mode: 0o700 });
  await writeFile(join(bundle, 'config.json'), JSON.stringify(spec, undefined, 1), { mode: 0o600 });
}

async function firstProcess(
  runtime: Promise<number>,
  { name, record }: PreparedJail,
  errors: () => string,
): Promise<{ pid: number; startTime: string }> {
  if ((await runtime) !== 0)
    throw new ProdngError('JAIL_START', `${name}: the jail cannot be created: ${errors()}`, {
      hint: 'prodng doctor tells what this host lacks',
    });
  const pid = Number(await readFile(pidFile(record), 'utf8'));
  const startTime = startTimeOf(pid);
  if (startTime !== undefined) return { pid, startTime };
  throw new ProdngError('JAIL_START', `${name}: the jail ended before it began: ${errors()}`);
}

function pidFile({ bundle }: RunRecord): string {
  return join(bundle, 'pid');
}

function startCreating(
  { record, staging, mounts, expected }: PreparedJail,
  userNamespace: number,
  launch: LaunchRuntime,
): { runtime: Promise<number>; listener?: number } {
  return inOwnMountNamespace(() => {
    stageMounts(staging, mounts, userNamespace);
    const options = ['--bundle', record.bundle, '--pid-file', pidFile(record)];
    if (!expected.terminal) {
      return { runtime: launch([...record.runtime, 'create', ...options, record.id]) };
    }
    const socket = join(staging, 'console');
    const listener = listenUnix(socket);
    const argv = [...options, '--console-socket', socket, record.id];
    const runtime = startTool([...record.runtime, 'create', ...argv], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return { runtime: endOf(runtime, record.runtime[0]).then(({ status }) => status), listener };
  });
}

async function start(record: RunRecord, name: string, errors: () => string): Promise<void> {
  const { status } = await runTool([...record.runtime, 'start', record.id], {
    stdio: ['ignore', 'ignore', 'ignore'],
    accept: [0, 1, 255],
  });
  if (status !== 0) throw new ProdngError('JAIL_START', `${name}: the jail cannot be started: ${errors()}`);
}
