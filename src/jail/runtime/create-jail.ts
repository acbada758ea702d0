import { closeSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import { endingOf } from '../../kernel/child-watch.ts';
import { inOwnMountNamespace } from '../../kernel/mount.ts';
import { listenUnix, receiveDescriptor } from '../../kernel/terminal.ts';
import { type RunRecord, startTimeOf } from '../lifecycle/jail-slot.ts';
import { openIdMapping } from '../storage/id-mapping.ts';
import { notPrepared } from '../storage/preparation.ts';
import { makeVolumes } from '../storage/volumes.ts';
import { traceUntilExec } from './first-instruction.ts';
import { runTool, startTool, statusOf } from './host-tool.ts';
import type { OciSpec } from './oci-types.ts';
import { readPid } from './pid-file.ts';
import type { PreparedJail } from './prepare-jail.ts';
import { runtimeErrors } from './runtime.ts';
import { stageMounts } from './staging.ts';
import { rememberStreamOwners } from './stream-owners.ts';

/** A jail with all its namespaces, whose service has not been started. */
export interface CreatedJail {
  /** Its first process, as the host counts. */
  pid: number;
  record: RunRecord;
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

/** Runs the runtime as our child, which hands these descriptors on to the service. */
export function launchOn(descriptors: readonly (number | undefined)[]): LaunchRuntime {
  return (argv) => runtimeStatus(argv, descriptors);
}

async function runtimeStatus(
  argv: readonly [string, ...string[]],
  descriptors: readonly (number | undefined)[],
): Promise<number> {
  return statusOf(await endingOf(startTool(argv, { descriptors })));
}

/**
 * Has the runtime create the jail, in a mount namespace where its trees are mounted: they show up nowhere else. From
 * then on it is traced, and dies with this process, until startInspected lets go of it.
 *
 * @param launch how the runtime is run where the jail has no terminal
 * @throws ProdngError JAIL_START with what the runtime says, HOST_LACKS when the file system cannot be idmapped
 */
export async function createJail(prepared: PreparedJail, launch: LaunchRuntime): Promise<CreatedJail> {
  const { record, expected, name } = prepared;
  if (prepared.awaitsPreparation) throw notPrepared(name);
  const errors = () => runtimeErrors(join(record.bundle, 'log')) || 'it does not say why';
  writeBundle(record, prepared.spec);
  await makeVolumes(prepared.volumes, expected.account);
  const takeStreamsBack = rememberStreamOwners();
  const mapping = openIdMapping(prepared.range);
  let creating: ReturnType<typeof startCreating>;
  try {
    creating = startCreating(prepared, mapping.fd, launch);
  } finally {
    mapping.close();
  }
  try {
    const { pid, startTime } = await firstProcess(creating.runtime, prepared, errors);
    traceUntilExec(pid);
    return {
      pid,
      record: { ...record, pid, startTime },
      ...(creating.listener === undefined ? {} : { master: receiveDescriptor(creating.listener) }),
      takeStreamsBack,
      start: () => start(record, name, errors),
      errors,
    };
  } finally {
    if (creating.listener !== undefined) closeSync(creating.listener);
  }
}

function writeBundle({ bundle }: RunRecord, spec: OciSpec): void {
  mkdirSync(bundle, { mode: 0o700 });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec, undefined, 1), { mode: 0o600 });
}

async function firstProcess(
  runtime: Promise<number>,
  { name, record }: PreparedJail,
  errors: () => string,
): Promise<{ pid: number; startTime: string }> {
  if ((await runtime) !== 0)
    throw new ProdngError('JAIL_START', `${name}: the jail cannot be created: ${errors()}`, {
      hint: 'prodng doctor shows what this host lacks',
    });
  const pid = readPid(pidFile(record));
  const startTime = pid === undefined ? undefined : startTimeOf(pid);
  if (pid !== undefined && startTime !== undefined) return { pid, startTime };
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
    return { runtime: runtimeStatus([...record.runtime, 'create', ...argv], [undefined, 1, 2]), listener };
  });
}

async function start(record: RunRecord, name: string, errors: () => string): Promise<void> {
  const { status } = await runTool([...record.runtime, 'start', record.id], { accept: [0, 1, 255] });
  if (status !== 0) throw new ProdngError('JAIL_START', `${name}: the jail cannot be started: ${errors()}`);
}
