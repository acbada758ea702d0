import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, ProdngError } from '../../error/prodng-error.ts';
import { markPrepared } from '../../jail/storage/preparation.ts';
import type { AgentContext } from '../agent-context.ts';
import { actingAlone } from '../api/actor.ts';
import { removeLog } from '../events/log-segments.ts';
import { setAside } from '../packages/disposal.ts';
import { unpackedJail, versionOf } from '../packages/installed.ts';
import { volumesFolder } from '../state/agent-paths.ts';
import { bootId, isRunning, type RunFile } from '../state/run-file.ts';
import type { JailState } from '../state/state-schema.ts';
import { ActiveRun } from './active-run.ts';
import { lastExitOf, reasonText } from './end-reason.ts';
import type { RunEnd } from './exits.ts';
import type { JailCell } from './jail-cell.ts';
import { type LaunchPlan, planLaunch } from './launch-plan.ts';
import { logPath } from './log-keeper.ts';
import { finishPreparation, makeRun } from './make-run.ts';
import { type PhaseAction, type PhaseEvent, transition } from './transitions.ts';

/** Does a piece of work with the jail held, once it is free; the caller does not wait for it. */
export type Later = (work: (held: HeldJail) => Promise<void>) => void;

/** What a failed attempt tells the back-off: the first wait and how long the run had lasted, both in ms. */
type Failure = readonly [first: number, lasted: number];

/** ms until what could not be ended is tried again. */
const again = 5000;

/**
 * A jail that no other operation can change meanwhile: what its lock gives out, with all that changes it. Its phase changes by
 * the table of transitions and by nothing else.
 */
export class HeldJail {
  readonly #cell: JailCell;
  readonly #context: AgentContext;
  readonly #later: Later;
  #isOver = false;

  constructor(cell: JailCell, context: AgentContext, later: Later) {
    this.#cell = cell;
    this.#context = context;
    this.#later = later;
  }

  get name(): string {
    return this.#cell.state.name;
  }

  get state(): Readonly<JailState> {
    return this.#cell.state;
  }

  get run(): ActiveRun | undefined {
    return this.#cell.run;
  }

  /** Whether it should run. */
  get wanted(): boolean {
    const { desired, removing } = this.state;
    return desired === 'running' && removing === undefined;
  }

  /** The lock has been given back: what is done from now on would be done beside somebody else. */
  over(): void {
    this.#isOver = true;
  }

  /** Changes the state, on disk first; changes go one by one. */
  change(changes: Partial<JailState>, without?: 'switching' | 'previous' | 'address'): Promise<void> {
    this.#assertHeld();
    const cell = this.#cell;
    const changed = cell.changing.then(async () => {
      const { failures } = cell.backoff;
      const next = { ...cell.state, ...changes, failures };
      if (without !== undefined) delete next[without];
      await this.#context.store.save(next);
      cell.state = next;
    });
    cell.changing = changed.catch(() => {});
    return changed;
  }

  /** What an operator asks for begins with a clean slate: no failure of before makes it wait. */
  resetBackoff(): void {
    this.#assertHeld();
    this.#cell.backoff.reset();
  }

  /** Decides all about a start of one of its versions (default: the current one). @throws as planLaunch */
  plan(sha256 = this.state.current): Promise<LaunchPlan> {
    return planLaunch(this, sha256, this.#context);
  }

  /**
   * Makes a run that is not the jail's own yet: the caller adopts or ends it.
   *
   * @param wanted what must be on disk before the service's first instruction; the jail is made meanwhile
   * @throws ProdngError as startRun, and nothing is left of the run
   */
  async make(plan: LaunchPlan, beside = false, wanted?: Promise<void>): Promise<ActiveRun> {
    this.#assertHeld();
    const options = { beside, wanted };
    if (!plan.prepared.awaitsPreparation) return makeRun(this.name, plan, this.#context, options);
    await this.#prepareVolumes(plan.sha256, wanted);
    return makeRun(this.name, await this.plan(plan.sha256), this.#context, options);
  }

  /** Runs Jail-Prepare, in a run as the service's, until it has ended. @throws ProdngError JAIL_START when it fails */
  async #prepareVolumes(sha256: string, wanted?: Promise<void>): Promise<void> {
    const { events } = this.#context;
    const plan = await planLaunch(this, sha256, this.#context, 'preparation');
    await events.append('preparing', this.name, { version: plan.prepared.version });
    const interrupted = new AbortController();
    this.#cell.preparing = interrupted;
    if (this.#cell.impatient > 0) interrupted.abort();
    try {
      const run = await makeRun(this.name, plan, this.#context, { wanted, isPreparation: true });
      await finishPreparation(this.name, run, interrupted.signal);
    } finally {
      this.#cell.preparing = undefined;
    }
    await markPrepared(plan.prepared.volumes);
    await events.append('prepared', this.name, { version: plan.prepared.version });
  }

  /**
   * Starts its current version, or as planned.
   *
   * @param plan made before, as for a restart
   * @throws ProdngError why it could not be started; the jail then waits for its next start, if it should run
   */
  async launch(plan?: LaunchPlan, wanted?: Promise<void>): Promise<void> {
    this.begin();
    let run: ActiveRun;
    try {
      run = await this.make(plan ?? (await this.plan()), false, wanted);
    } catch (error) {
      await this.#startFailed(error);
      throw error;
    }
    this.adopt(run);
    const { version } = versionOf(this.state, run.file.record.sha256);
    await this.#context.events.append('started', this.name, { version, pid: run.pid });
  }

  /** A run is about to be made, which the caller adopts, or tells to have failed. */
  begin(): void {
    this.#happen('launch');
  }

  /** The run that was begun is the jail's own: from now on its end is its failure. */
  adopt(run: ActiveRun): void {
    this.#own(run, 'launched');
  }

  /** What was begun has failed, for a reason that the caller tells. */
  giveUp(): void {
    this.#happen('launch-failed');
  }

  /** What was begun has failed. */
  async #startFailed(error: unknown): Promise<void> {
    this.giveUp();
    await this.change({}).catch(() => {});
    this.#cell.lastFault = messageOf(error);
    await this.#context.events.append('start-failed', this.name, { reason: messageOf(error).slice(0, 500) });
  }

  /** Lets another run take the place of its own, which is left to the caller. */
  replace(run: ActiveRun): void {
    this.#own(run, 'replaced');
  }

  /**
   * Ends its run, if there is one, as it declares.
   *
   * @param timeout ms until SIGKILL, instead of the declared ones
   * @returns the exit status
   * @throws when it could not be told to end: it then runs on
   */
  async end(timeout?: number): Promise<number | undefined> {
    const { run } = this.#cell;
    if (run === undefined) return undefined;
    this.#happen('stop');
    let end: RunEnd;
    try {
      end = await run.stop(timeout);
    } catch (error) {
      this.#happen('stop-failed');
      throw error;
    }
    this.#forget(run, end, 'stopped');
    await run.clear();
    return end.status;
  }

  /** As `end`, when no other run is about to follow. */
  async stop(timeout?: number): Promise<void> {
    if (this.#cell.run === undefined) return;
    const status = await this.end(timeout);
    // a full disk does not keep it running: only its last exit is forgotten with this agent
    await this.change({}).catch(() => {});
    await this.#context.events.append('stopped', this.name, status === undefined ? {} : { status });
  }

  /**
   * Takes over the run that an earlier agent has left, when it is the jail's own; gives it its place in the order of
   * starts when there is none and it should run. Nothing of this waits for anything.
   *
   * @param runs what there is of it
   * @returns the runs that are none of its own, to be cleared away
   */
  takeOver(runs: readonly RunFile[]): RunFile[] {
    const { paths, exits, events } = this.#context;
    const isOwn = (file: RunFile) =>
      file.phase === 'running' &&
      // after a boot it is not known how it ended, and it is started in its place in the order
      file.boot === bootId() &&
      file.record.sha256 === this.state.current &&
      // how one ended meanwhile is told by its exit file, and decides whether it is started again
      (this.wanted || isRunning(file));
    const own = runs.find(isOwn);
    if (own !== undefined) {
      const { declaration } = unpackedJail(versionOf(this.state), this.name);
      this.#own(new ActiveRun(own, declaration, paths, exits), 'taken-over');
      if (isRunning(own)) void events.append('taken-over', this.name, { pid: own.record.pid ?? 0 });
    } else if (this.wanted) this.#happen('queued');
    return runs.filter((file) => file !== own);
  }

  /** Starts it if it waits for its place in the order of starts, or for its next try. */
  async launchIfDue(): Promise<void> {
    if (!this.#isDue) return;
    await this.launch().catch(() => {});
  }

  /** Removes all that is known of it, which does not run, and its volumes when told so. It is gone for good. */
  async remove(purge: boolean): Promise<void> {
    this.#assertHeld();
    const { paths, store, disposal, observation, operator } = this.#context;
    const volumes = join(volumesFolder(paths), this.name);
    await removeLog(logPath(this.name, paths));
    if (purge && existsSync(volumes)) await disposal.remove([await setAside(volumes)]);
    await operator.credentials.removeAll(this.name);
    await operator.configuration.removeAll(this.name);
    await observation.removed(this.name);
    await store.remove(this.name);
    this.#cell.isGone = true;
  }

  /** Has it be what it should be, after anything that was done with it or happened to it. */
  async reconcile(): Promise<void> {
    if (this.#context.closed()) return;
    const actions = this.#happen(this.wanted ? 'wanted' : 'unwanted');
    if (!actions.includes('end-run')) return;
    try {
      await this.stop();
    } catch (error) {
      await this.#context.events.append('fault', this.name, { reason: messageOf(error).slice(0, 500) });
      this.#cell.retry = setTimeout(() => this.#later(async () => {}), again);
    }
  }

  get #isDue(): boolean {
    return this.#cell.phase === 'waiting' && this.wanted && !this.#context.closed();
  }

  #own(run: ActiveRun, event: 'launched' | 'taken-over' | 'replaced'): void {
    this.#assertHeld();
    this.#cell.run = run;
    this.#cell.lastFault = undefined;
    this.#happen(event);
    actingAlone(() => {
      void run.ended.then((end) => this.#later((held) => held.#onEnd(run, end)));
    });
  }

  /** Its run has ended. How it did goes to disk with the next change of the state. */
  #forget(
    run: ActiveRun,
    { status }: RunEnd,
    event: 'stopped' | 'exited' | 'finished',
    failure?: Failure,
  ): void {
    this.#cell.run = undefined;
    const lastExit = lastExitOf(run.file.record, status, run.endedBy);
    this.#cell.state = { ...this.state, lastExit };
    this.#happen(event, failure);
  }

  async #onEnd(run: ActiveRun, end: RunEnd): Promise<void> {
    // the next agent finds its exit file
    if (this.#cell.run !== run || this.#context.closed()) return;
    const { status } = end;
    const { policy, backoff } = run.declaration.restart;
    const isToGoOn = this.wanted && (policy === 'always' || (policy === 'on-failure' && status !== 0));
    this.#forget(run, end, isToGoOn ? 'exited' : 'finished', [backoff, run.age]);
    await run.clear();
    const reason = reasonText(this.state.lastExit ?? { time: '' });
    await this.#context.events.append('exited', this.name, {
      ...(status === undefined ? {} : { status }),
      reason,
    });
    const change = this.change(isToGoOn ? {} : { desired: 'stopped' });
    // a full disk is no reason for a service to stay down: how it ended is told with the next change
    await (isToGoOn ? change.catch(() => {}) : change);
  }

  async #retry(): Promise<void> {
    if (!this.#isDue) return;
    // a full disk is no reason for a service to stay down: only the count is lost
    await this.change({ restarts: this.state.restarts + 1 }).catch(() => {});
    await this.launchIfDue();
  }

  #happen(event: PhaseEvent, failure?: Failure): readonly PhaseAction[] {
    this.#assertHeld();
    const { to, actions } = transition(this.#cell.phase, event);
    this.#cell.phase = to;
    for (const action of actions) this.#act(action, failure);
    return actions;
  }

  #act(action: PhaseAction, failure: Failure = [1000, 0]): void {
    const cell = this.#cell;
    const { health, lease, run } = cell;
    switch (action) {
      case 'watch':
        if (run !== undefined)
          actingAlone(() => {
            health.begin(run);
            lease.begin(run);
          });
        return;
      case 'unwatch':
        health.end();
        lease.end();
        return;
      case 'cancel':
        clearTimeout(cell.retry);
        return;
      case 'schedule':
        clearTimeout(cell.retry);
        actingAlone(() => {
          cell.retry = setTimeout(() => this.#later((held) => held.#retry()), cell.backoff.wait);
        });
        return;
      case 'count-failure':
        this.#countFailure(failure);
        return;
      case 'want-stopped':
        // in memory at once: a full disk must not have it started again
        cell.state = { ...cell.state, desired: 'stopped' };
        return;
      case 'end-run':
        // reconcile waits for it
        return;
    }
  }

  #countFailure([first, lasted]: Failure): void {
    const { backoff } = this.#cell;
    const wasLooping = backoff.isCrashLoop;
    backoff.failed(first, lasted);
    if (backoff.isCrashLoop && !wasLooping)
      void this.#context.events.append('crash-loop', this.name, { failures: backoff.failures });
  }

  #assertHeld(): void {
    if (this.#isOver) throw new ProdngError('INTERNAL', `${this.name}: changed without being held`);
  }
}
