import { readFileSync } from 'node:fs';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { killService, type StopTarget, stopService } from '../../jail/lifecycle/stop.ts';
import type { JailNetwork } from '../../jail/network/network.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import type { RunFile } from '../state/run-file.ts';
import { clearRun } from './clear-run.ts';
import type { EndedBy } from './end-reason.ts';
import type { Exits, RunEnd } from './exits.ts';
import { isFrozen, thawRun } from './freezer.ts';

/** USER_HZ: 100 for every program on Linux, time(7). */
const msPerTick = 10;

/** A run of a jail whose service lives, or has just ended: this agent's own, or one that it took over. */
export class ActiveRun {
  readonly file: RunFile;
  readonly declaration: JailDeclaration;
  /** Settles when the service has ended, whoever ended it. */
  readonly ended: Promise<RunEnd>;
  #endedBy: EndedBy | undefined;
  readonly #paths: AgentPaths;
  readonly #exits: Exits;
  readonly #network: JailNetwork | undefined;

  constructor(
    file: RunFile,
    declaration: JailDeclaration,
    paths: AgentPaths,
    exits: Exits,
    network?: JailNetwork,
  ) {
    this.file = file;
    this.declaration = declaration;
    this.#paths = paths;
    this.#exits = exits;
    this.#network = network;
    this.ended = exits.endOf(file);
  }

  get pid(): number {
    return this.file.record.pid ?? 0;
  }

  /** ms since its first process began, by the kernel's clock that nobody can set. */
  get age(): number {
    const began = Number(this.file.record.startTime ?? Number.NaN) * msPerTick;
    const now = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
    return Number.isNaN(began) ? 0 : Math.max(0, now - began);
  }

  get frozen(): boolean {
    return isFrozen(this.file.record);
  }

  /** Who has ended it on purpose, as far as this agent knows. */
  get endedBy(): EndedBy | undefined {
    return this.#endedBy;
  }

  /**
   * Stops the service as it declares, and waits for its end.
   *
   * @param timeout ms until SIGKILL, instead of the declared ones
   */
  async stop(timeout = this.declaration.stop.timeout): Promise<RunEnd> {
    this.#endedBy ??= 'operator';
    // a frozen process notices no signal
    if (this.frozen) await thawRun(this.file.record);
    const callOff = stopService({ ...this.declaration.stop, timeout }, this.#target);
    try {
      return await this.ended;
    } finally {
      callOff();
    }
  }

  async kill(by: EndedBy = 'operator'): Promise<RunEnd> {
    this.#endedBy ??= by;
    killService(this.#target);
    return this.ended;
  }

  /** Removes all that is left of it. */
  async clear(): Promise<void> {
    await this.#network?.close();
    await clearRun(this.file, this.#paths, this.#exits);
  }

  get #target(): StopTarget {
    const { cgroup, cgroups } = this.file.record;
    return { pid: this.pid, cgroup, cgroups };
  }
}

/** @throws ProdngError JAIL_STATE when it does not run */
export function assertRun({
  name,
  run,
}: {
  readonly name: string;
  readonly run: ActiveRun | undefined;
}): ActiveRun {
  if (run !== undefined) return run;
  throw new ProdngError('JAIL_STATE', `${name} does not run`, { hint: `prodng start ${name}` });
}
