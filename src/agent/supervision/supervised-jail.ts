import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import type { AgentContext } from '../agent-context.ts';
import { actingAlone } from '../api/actor.ts';
import { setAside } from '../packages/disposal.ts';
import { rootfsOf, unpackedJail, versionOf } from '../packages/installed.ts';
import { volumesFolder } from '../state/agent-paths.ts';
import { overridden } from '../state/overridden.ts';
import { readOverrides } from '../state/overrides-file.ts';
import { isRunning, type RunFile } from '../state/run-file.ts';
import type { JailState } from '../state/state-schema.ts';
import { ActiveRun } from './active-run.ts';
import { Backoff } from './backoff.ts';
import { clearRun } from './clear-run.ts';
import type { RunEnd } from './exits.ts';
import { HealthWatch } from './health-watch.ts';
import { LeaseWatch } from './lease-watch.ts';
import { startRun } from './start-run.ts';
import { WorkQueue } from './work-queue.ts';

/** What a jail does right now. */
export type JailPhase = 'stopped' | 'starting' | 'running' | 'stopping' | 'waiting' | 'crash-loop';

/** One jail: its state on disk, its run, and the rule that the latter follows the former. Operations go one by one. */
export class SupervisedJail {
  state: JailState;
  phase: JailPhase = 'stopped';
  run: ActiveRun | undefined;
  /** Why it could not be started, when it could not. */
  lastFault: string | undefined;
  readonly health: HealthWatch;
  readonly lease: LeaseWatch;
  readonly queue = new WorkQueue();
  readonly backoff = new Backoff();
  readonly #context: AgentContext;
  #retry: NodeJS.Timeout | undefined;
  #changing: Promise<void> = Promise.resolve();

  constructor(state: JailState, context: AgentContext) {
    this.state = state;
    this.#context = context;
    this.health = new HealthWatch(this, context);
    this.lease = new LeaseWatch(state.name, context);
  }

  get name(): string {
    return this.state.name;
  }

  /** Changes the state, on disk first; changes go one by one. */
  change(changes: Partial<JailState>, without?: 'switching' | 'previous' | 'address'): Promise<void> {
    const changed = this.#changing.then(async () => {
      const next = { ...this.state, ...changes };
      if (without !== undefined) delete next[without];
      await this.#context.store.save(next);
      this.state = next;
    });
    this.#changing = changed.catch(() => {});
    return changed;
  }

  /** Wants it to run, and starts it if it does not. When that fails, it is as it was before. */
  start(): Promise<void> {
    return this.queue.run(async () => {
      this.backoff.reset();
      const before = this.state.desired;
      const wanted = before === 'running' ? undefined : this.change({ desired: 'running' });
      // whoever needs it waits for it
      wanted?.catch(() => {});
      if (this.run !== undefined) return await wanted;
      try {
        await this.#launch(wanted);
      } catch (error) {
        await Promise.allSettled([wanted]);
        this.phase = 'stopped';
        if (this.state.desired !== before) await this.change({ desired: before });
        throw error;
      }
    });
  }

  stop(): Promise<void> {
    return this.queue.run(async () => {
      if (this.state.desired !== 'stopped') await this.change({ desired: 'stopped' });
      await this.end('stopped');
    });
  }

  restart(): Promise<void> {
    return this.queue.run(async () => {
      this.backoff.reset();
      if (this.state.desired !== 'running') await this.change({ desired: 'running' });
      await this.end('stopped');
      try {
        await this.#launch();
      } catch (error) {
        await this.#startFailed(error);
        throw error;
      }
    });
  }

  /** @throws ProdngError JAIL_STATE when it does not run */
  assertRun(): ActiveRun {
    if (this.run !== undefined) return this.run;
    throw new ProdngError('JAIL_STATE', `${this.name} does not run`, { hint: `prodng start ${this.name}` });
  }

  /**
   * Starts a version of it, which becomes its run. Only within the queue.
   *
   * @param wanted what must be on disk before the service's first instruction; the jail is made meanwhile
   */
  async launch(sha256: string, beside = false, wanted?: Promise<void>): Promise<ActiveRun> {
    const { paths, exits, logSize, raise, addresses } = this.#context;
    const jail = unpackedJail(versionOf(this.state, sha256), this.name);
    const overrides = await readOverrides(this.name, paths);
    const declaration = overridden(this.name, jail.declaration, overrides, raise);
    const uplink = declaration.network === 'macvlan' ? await addresses.uplinkOf(this, overrides) : undefined;
    let toClear: RunFile | undefined;
    try {
      const request = {
        name: this.name,
        jail: { ...jail, declaration },
        rootfs: rootfsOf(jail, paths),
        beside,
        logSize,
      };
      const started = await startRun(
        {
          ...request,
          ...(uplink === undefined ? {} : { uplink }),
          ...(wanted === undefined ? {} : { wanted }),
        },
        paths,
        (run) => {
          toClear = run;
        },
      );
      return new ActiveRun(started.run, started.declaration, paths, exits, started.network);
    } catch (error) {
      if (toClear !== undefined) await clearRun(toClear, paths, exits);
      throw error;
    }
  }

  /** Makes a run the jail's own: from now on its end is its failure. */
  adopt(run: ActiveRun): void {
    this.run = run;
    this.phase = 'running';
    this.lastFault = undefined;
    actingAlone(() => {
      this.health.begin(run);
      this.lease.begin(run);
      void run.ended.then((end) => this.#inBackground(() => this.#onEnd(run, end)));
    });
  }

  /** Ends its run, if there is one, as it declares. Only within the queue. */
  async end(kind: 'stopped' | 'removed'): Promise<void> {
    clearTimeout(this.#retry);
    const { run } = this;
    if (run === undefined) {
      this.phase = 'stopped';
      return;
    }
    this.phase = 'stopping';
    this.health.end();
    this.lease.end();
    const { status } = await run.stop();
    this.#forget(run, status);
    await run.clear();
    this.phase = 'stopped';
    // a full disk does not keep it running: only its last exit is forgotten with this agent
    if (kind === 'stopped') await this.change({}).catch(() => {});
    await this.#context.events.append(kind, this.name, status === undefined ? {} : { status });
  }

  /** Lets another run take the place of its own, which is left to the caller. Only within the queue. */
  replace(run: ActiveRun): void {
    this.health.end();
    this.lease.end();
    this.adopt(run);
  }

  /** Stops its run, which another is about to follow. Only within the queue. */
  async setDown(run: ActiveRun): Promise<void> {
    this.health.end();
    this.lease.end();
    this.phase = 'stopping';
    const { status } = await run.stop();
    this.#forget(run, status);
    await run.clear();
    this.phase = 'starting';
  }

  /** Its run has ended. How it did goes to disk with the next change of the state. */
  #forget(run: ActiveRun, status: number | undefined): void {
    if (this.run === run) this.run = undefined;
    const time = new Date().toISOString();
    this.state = { ...this.state, lastExit: status === undefined ? { time } : { status, time } };
  }

  /**
   * What an agent does on its return: takes over what runs and should, ends what should not, and starts what should
   * run and does not.
   *
   * @param runs what there is of it
   */
  takeOver(runs: readonly RunFile[]): Promise<void> {
    return this.queue.run(async () => {
      const { paths, exits, events } = this.#context;
      // an upgrade that was not finished never happened
      if (this.state.switching !== undefined) await this.change({}, 'switching');
      const wanted = this.state.desired === 'running' && this.state.removing === undefined;
      for (const file of runs) {
        const isOurs = file.phase === 'running' && file.record.sha256 === this.state.current;
        if (isOurs && this.run === undefined && wanted) {
          const { declaration } = unpackedJail(versionOf(this.state), this.name);
          const run = new ActiveRun(file, declaration, paths, exits);
          if (isRunning(file)) await events.append('taken-over', this.name, { pid: run.pid });
          this.adopt(run);
        } else if (isOurs && this.run === undefined && isRunning(file)) {
          const { declaration } = unpackedJail(versionOf(this.state), this.name);
          this.run = new ActiveRun(file, declaration, paths, exits);
          await this.end('stopped');
        } else await clearRun(file, paths, exits);
      }
      if (wanted && this.run === undefined) await this.#tryLaunch();
    });
  }

  /** Lets go of it: its service goes on. */
  release(): void {
    clearTimeout(this.#retry);
    this.health.end();
    this.lease.end();
  }

  async removeFiles(purge: boolean): Promise<void> {
    const { paths, disposal } = this.#context;
    await rm(join(paths.logs, `${this.name}.log`), { force: true });
    const volumes = join(volumesFolder(paths), this.name);
    if (purge && existsSync(volumes)) await disposal.remove([await setAside(volumes)]);
  }

  async #launch(wanted?: Promise<void>): Promise<void> {
    clearTimeout(this.#retry);
    this.phase = 'starting';
    const run = await this.launch(this.state.current, false, wanted);
    this.adopt(run);
    const { version } = versionOf(this.state);
    await this.#context.events.append('started', this.name, { version, pid: run.pid });
  }

  async #onEnd(run: ActiveRun, { status }: RunEnd): Promise<void> {
    if (this.run !== run) return;
    this.health.end();
    this.lease.end();
    const { age } = run;
    this.#forget(run, status);
    const { policy } = run.declaration.restart;
    const again = policy === 'always' || (policy === 'on-failure' && status !== 0);
    this.phase = again && this.state.desired === 'running' ? 'waiting' : 'stopped';
    await run.clear();
    await this.#context.events.append('exited', this.name, status === undefined ? {} : { status });
    if (again && this.state.desired === 'running') this.#retryLater(run.declaration.restart.backoff, age);
    else if (this.state.desired === 'running') await this.change({ desired: 'stopped' });
  }

  #retryLater(first: number, lasted: number): void {
    const wasLooping = this.backoff.isCrashLoop;
    const wait = this.backoff.failed(first, lasted);
    this.phase = this.backoff.isCrashLoop ? 'crash-loop' : 'waiting';
    if (this.backoff.isCrashLoop && !wasLooping)
      void this.#context.events.append('crash-loop', this.name, { failures: this.backoff.failures });
    this.#retry = setTimeout(() => void this.#inBackground(() => this.#relaunch()), wait);
  }

  async #relaunch(): Promise<void> {
    if (this.run !== undefined || this.state.desired !== 'running') return;
    if (this.state.removing !== undefined || this.#context.closed()) return;
    // a full disk is no reason for a service to stay down: only the count is lost
    await this.change({ restarts: this.state.restarts + 1 }).catch(() => {});
    await this.#tryLaunch();
  }

  /** Starts it; a failure is one more to wait for, and nobody's to handle. */
  async #tryLaunch(): Promise<void> {
    try {
      await this.#launch();
    } catch (error) {
      await this.#startFailed(error);
    }
  }

  async #startFailed(error: unknown): Promise<void> {
    this.lastFault = error instanceof Error ? error.message : String(error);
    await this.#context.events.append('start-failed', this.name, { reason: this.lastFault.slice(0, 500) });
    this.#retryLater(1000, 0);
  }

  /** Does what no request waits for: where it fails, as on a full disk, the jail says so, and the agent goes on. */
  async #inBackground(work: () => Promise<void>): Promise<void> {
    try {
      await this.queue.run(work);
    } catch (error) {
      this.lastFault = error instanceof Error ? error.message : String(error);
      if (this.run === undefined && this.phase !== 'waiting') this.phase = 'stopped';
      await this.#context.events.append('fault', this.name, { reason: this.lastFault.slice(0, 500) });
    }
  }
}
