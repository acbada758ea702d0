import { ProdngError } from '../error/prodng-error.ts';
import { becomeSubreaper, type Ending } from '../kernel/child.ts';
import { silent } from '../system/progress.ts';
import { clearAway, sweepAbandoned } from './clear-away.ts';
import { assertInForce, compareInForce } from './compare-in-force.ts';
import { joinTerminals } from './console.ts';
import { type CreatedJail, createJail } from './create-jail.ts';
import { endingOf, killAndReap, startInspected } from './first-instruction.ts';
import { type InForce, readInForce } from './in-force.ts';
import { openJailPackage } from './jail-package.ts';
import { takeSlot } from './jail-slot.ts';
import { lockDown } from './lockdown.ts';
import { compareLinks, configureNetwork } from './network.ts';
import type { OciSpec } from './oci-types.ts';
import { type PreparedJail, prepareJail } from './prepare-jail.ts';
import { publishPort } from './publish.ts';
import type { RunJailOptions, RunReport } from './run-options.ts';
import { killService, stopService } from './stop.ts';

/** What has to be undone, the last first. */
class Undo {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Goes through all of them even if one fails. */
  async all(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * Runs a jail in the foreground: unpacks its .deb, boots it with what it declares and nothing more, reads back from the
 * kernel what is in force, and only then lets its service begin. Standard streams are the caller's.
 *
 * Makes this process a subreaper, for good. Nothing is left behind when it returns or throws; if it is killed, the jail
 * dies with it and the next run clears the rest away.
 *
 * @returns the service's exit status, or 128 and the number of the signal that killed it
 * @throws ProdngError JAIL_REFUSED when the kernel's word differs from the declaration, JAIL_START, BUSY, NETWORK,
 *   HOST_LACKS, USAGE, and what openJailPackage and unpackJail throw
 */
export async function runJail(options: RunJailOptions): Promise<number> {
  const undo = new Undo();
  try {
    const jail = await openJailPackage(options.deb);
    undo.add(() => jail.deb.close());
    const { progress = silent, paths } = options;
    await sweepAbandoned(paths, progress);
    const slot = await takeSlot(options.name ?? jail.name, paths);
    undo.add(() => slot.release());
    const prepared = await prepareJail(jail, options, progress);
    undo.add(() => clearAway(prepared.record));
    slot.record(prepared.record);
    becomeSubreaper();
    const created = await createJail(prepared);
    undo.add(() => created.watchdog.callOff());
    undo.add(() => killAndReap(created.pid));
    slot.record(created.record);
    if (created.master !== undefined && options.terminal !== undefined)
      undo.add(joinTerminals(created.master, options.terminal));
    const ending = await runCreated(prepared, created, options, undo);
    return ending.kind === 'exited' ? ending.status : 128 + ending.signal;
  } finally {
    await undo.all();
  }
}

async function runCreated(
  prepared: PreparedJail,
  created: CreatedJail,
  options: RunJailOptions,
  undo: Undo,
): Promise<Ending> {
  const { declaration, name } = prepared;
  const { pid } = created;
  const [network] = await Promise.all([
    configureNetwork(created, declaration, options.uplink, prepared.destinations, options.paths),
    lockDown(pid),
  ]);
  undo.add(() => network.close());
  const published: RunReport['published'] = [];
  for (const { hostAddress = '127.0.0.1', hostPort, jailPort } of options.publish ?? []) {
    const port = await publishPort(pid, hostPort, jailPort, hostAddress);
    undo.add(() => port.close());
    published.push({ hostAddress, hostPort: port.hostPort, jailPort });
  }
  const started = await startInspected(
    pid,
    () => created.start(),
    () => {
      created.takeStreamsBack();
      const inForce = readInForce(pid, prepared.runtime.cgroups);
      const differences = [
        ...compareInForce(declaration, prepared.expected, inForce),
        ...compareLinks(declaration, pid),
      ];
      assertInForce(name, differences);
      options.onReady?.(reportOf(prepared, pid, inForce, published, network.address));
    },
  );
  if (started.kind === 'ended')
    throw new ProdngError('JAIL_START', `${name}: the service could not be executed: ${created.errors()}`, {
      hint: `look into the jail with: prodng run --shell ${options.deb}`,
    });
  return supervise(prepared, created, options);
}

function reportOf(
  { name, version, declaration, spec, range, runtime }: PreparedJail,
  pid: number,
  inForce: InForce,
  published: RunReport['published'],
  address: string | undefined,
): RunReport {
  const argv = spec.process.args;
  const report = { name, version, declaration, argv, pid, runtime: runtime.path, range, inForce, published };
  return { ...report, ...(address === undefined ? {} : { address }) };
}

async function supervise(
  { declaration }: PreparedJail,
  { pid, record }: CreatedJail,
  { stop, kill }: RunJailOptions,
): Promise<Ending> {
  const target = { pid, cgroup: record.cgroup, cgroups: record.cgroups };
  let callOff = () => {};
  const onStop = () => {
    callOff = stopService(declaration.stop, target);
  };
  const onKill = () => killService(target);
  if (stop?.aborted === true) onStop();
  if (kill?.aborted === true) onKill();
  stop?.addEventListener('abort', onStop);
  kill?.addEventListener('abort', onKill);
  try {
    return await endingOf(pid);
  } finally {
    callOff();
    stop?.removeEventListener('abort', onStop);
    kill?.removeEventListener('abort', onKill);
  }
}

/**
 * The OCI configuration that a jail would get; nothing is run. The tree is unpacked and the uid range allotted, as both
 * stand in it.
 */
export async function jailSpec(options: RunJailOptions): Promise<OciSpec> {
  const jail = await openJailPackage(options.deb);
  try {
    return (await prepareJail(jail, options, options.progress ?? silent)).spec;
  } finally {
    await jail.deb.close();
  }
}
