import { ProdngError } from '../../error/prodng-error.ts';
import { becomeSubreaper, type Ending } from '../../kernel/child.ts';
import { endingOf, killAndReap } from '../../kernel/child-watch.ts';
import { silent } from '../../system/progress.ts';
import type { InForce } from '../confine/in-force.ts';
import { startConfined } from '../confine/start-confined.ts';
import { publishPort } from '../network/publish.ts';
import { joinTerminals } from '../runtime/console.ts';
import { type CreatedJail, createJail, launchOn } from '../runtime/create-jail.ts';
import type { OciSpec } from '../runtime/oci-types.ts';
import { type PreparedJail, prepareJail } from '../runtime/prepare-jail.ts';
import { makeServiceStreams } from '../runtime/service-streams.ts';
import { type JailPackage, openJailPackage } from '../storage/jail-package.ts';
import { markPrepared, needsPreparation } from '../storage/preparation.ts';
import { planVolumes } from '../storage/volumes.ts';
import { clearAway, sweepAbandoned } from './clear-away.ts';
import { takeSlot } from './jail-slot.ts';
import type { RunJailOptions, RunReport } from './run-options.ts';
import { killService, stopService } from './stop.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

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
 * kernel what is in force, and only then lets its service begin. It reads /dev/null, unless there is `input` or a `terminal`; what it prints comes to
 * our standard output and error through pipes.
 *
 * Makes this process a subreaper, for good. Nothing is left behind when it returns or throws; if it is killed, the jail
 * dies with it and the next run clears the rest away.
 *
 * @returns the service's exit status, or 128 and the number of the signal that killed it
 * @throws ProdngError JAIL_REFUSED when what the kernel reports differs from the declaration, JAIL_START, BUSY, NETWORK,
 *   HOST_LACKS, USAGE, and what openJailPackage and unpackJail throw
 */
export async function runJail(options: RunJailOptions): Promise<number> {
  const undo = new Undo();
  try {
    const jail = await openJailPackage(options.deb, options.paths);
    undo.add(() => jail.close());
    const { progress = silent, paths } = options;
    await prepareVolumes(jail, options);
    await sweepAbandoned(paths, progress);
    const slot = await takeSlot(options.name ?? jail.name, paths);
    undo.add(() => slot.release());
    const prepared = await prepareJail(jail, options, progress);
    undo.add(() => clearAway(prepared.record));
    slot.record(prepared.record);
    becomeSubreaper();
    const watchdog = startWatchdog();
    undo.add(() => watchdog.callOff());
    const streams = makeServiceStreams(options.terminal === undefined ? options.input : undefined);
    undo.add(() => streams.close());
    const created = await createJail(prepared, launchOn(streams.descriptors));
    streams.handedOver();
    undo.add(() => killAndReap(created.pid));
    watchdog.guard(created.pid);
    options.observer?.created(created.pid, prepared);
    slot.record(created.record);
    if (created.master !== undefined && options.terminal !== undefined)
      undo.add(joinTerminals(created.master, options.terminal));
    const ending = await runCreated(prepared, created, { ...options, watchdog }, undo);
    await Promise.race([streams.drained, aborted(options.kill)]);
    return ending.kind === 'exited' ? ending.status : 128 + ending.signal;
  } finally {
    await undo.all();
  }
}

/**
 * Runs Jail-Prepare where it has not succeeded yet on the volumes of a service: as the service's run, with its program
 * instead.
 *
 * @throws ProdngError JAIL_START when it fails
 */
async function prepareVolumes({ name, declaration }: JailPackage, options: RunJailOptions): Promise<void> {
  const { prepare } = declaration;
  if (prepare === undefined || options.argv !== undefined || options.shell === true) return;
  const own = options.name ?? name;
  const volumes = planVolumes(own, declaration, options.paths);
  if (!needsPreparation(declaration, volumes)) return;
  options.progress?.step(`prepare the volumes of ${own}`);
  const asService: RunJailOptions = { ...options, argv: prepare, publish: [], onReady: () => {} };
  // what is observed is the service
  delete asService.observer;
  const status = await runJail(asService);
  if (status !== 0)
    throw new ProdngError('JAIL_START', `${own}: Jail-Prepare failed with status ${status}`, {
      hint: 'the service was not started; the next start runs it again',
    });
  await markPrepared(volumes);
}

/** Never settles unless the signal comes. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function runCreated(
  prepared: PreparedJail,
  created: CreatedJail,
  options: RunJailOptions & { watchdog: Watchdog },
  undo: Undo,
): Promise<Ending> {
  const { pid } = created;
  const network = await startConfined(prepared, created, {
    ...options,
    hint: `inspect the jail with: prodng run --shell ${options.deb}`,
    async onConfined(inForce, { own }) {
      options.observer?.confined(pid);
      const published: RunReport['published'] = [];
      for (const { hostAddress = '127.0.0.1', hostPort, jailPort } of options.publish ?? []) {
        const port = await publishPort(pid, hostPort, jailPort, hostAddress);
        undo.add(() => port.close());
        published.push({ hostAddress, hostPort: port.hostPort, jailPort });
      }
      await options.onReady?.(reportOf(prepared, pid, inForce, published, own?.address));
    },
  });
  undo.add(() => network.close());
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
  const jail = await openJailPackage(options.deb, options.paths);
  try {
    return (await prepareJail(jail, options, options.progress ?? silent)).spec;
  } finally {
    await jail.close();
  }
}
