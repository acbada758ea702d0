import { messageOf, ProdngError } from '../../error/prodng-error.ts';
import type { AgentContext } from '../agent-context.ts';
import type { ObservedState } from '../observation/observation.ts';
import type { JailState } from '../state/state-schema.ts';
import type { ActiveRun } from './active-run.ts';
import { Backoff } from './backoff.ts';
import { type Health, HealthWatch } from './health-watch.ts';
import { HeldJail } from './held-jail.ts';
import type { JailCell } from './jail-cell.ts';
import { LeaseWatch } from './lease-watch.ts';
import type { Phase } from './transitions.ts';
import { WorkQueue } from './work-queue.ts';

/** As operators are told: one that waits after many failures is in a crash loop. */
export type JailPhase = Phase | 'crash-loop';

/**
 * One jail: its state on disk, its run, and the rule that the latter follows the former. What it is can be read by
 * everybody; only who holds it can change it.
 */
export class SupervisedJail {
  readonly #context: AgentContext;
  readonly #cell: JailCell;
  readonly #queue = new WorkQueue();

  constructor(state: JailState, context: AgentContext) {
    this.#context = context;
    this.#cell = {
      state,
      phase: 'stopped',
      run: undefined,
      lastFault: undefined,
      retry: undefined,
      preparing: undefined,
      impatient: 0,
      isGone: false,
      changing: Promise.resolve(),
      backoff: new Backoff(state.failures),
      health: new HealthWatch(state, context),
      lease: new LeaseWatch(state.name, context),
    };
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

  get phase(): JailPhase {
    const { phase, backoff } = this.#cell;
    return phase === 'waiting' && backoff.isCrashLoop ? 'crash-loop' : phase;
  }

  get health(): { readonly status: Health; readonly fault: string | undefined } {
    return this.#cell.health;
  }

  /** How its run is observed. */
  get observed(): ObservedState | undefined {
    const { run } = this.#cell;
    return run === undefined ? undefined : this.#context.observation.of(run.file.record.id);
  }

  /** Why it could not be started, when it could not. */
  get lastFault(): string | undefined {
    return this.#cell.lastFault;
  }

  /**
   * Does a piece of work on it while no other operation does, and then, whatever came of that, has it be what it should be:
   * running, waiting for its next start, or stopped.
   *
   * @param work is given what can change the jail; that is of no use once the work is over
   * @throws ProdngError JAIL_UNKNOWN when it has been removed meanwhile, and what the work throws
   */
  locked<T>(work: (held: HeldJail) => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#cell.isGone) throw new ProdngError('JAIL_UNKNOWN', `${this.name} has been removed`);
      const held = new HeldJail(this.#cell, this.#context, (later) => void this.#alone(later));
      try {
        return await work(held);
      } finally {
        await held.reconcile();
        held.over();
      }
    });
  }

  /**
   * As `locked`, for an operation that ends the jail: it does not wait for Jail-Prepare, which may run for ever. The start
   * that waits for that fails.
   */
  async lockedSoon<T>(work: (held: HeldJail) => Promise<T>): Promise<T> {
    const cell = this.#cell;
    let isWaiting = true;
    const stopWaiting = () => {
      if (isWaiting) cell.impatient -= 1;
      isWaiting = false;
    };
    cell.impatient += 1;
    cell.preparing?.abort();
    try {
      return await this.locked((held) => {
        stopWaiting();
        return work(held);
      });
    } finally {
      stopWaiting();
    }
  }

  /** Lets go of it: its service goes on. */
  release(): void {
    clearTimeout(this.#cell.retry);
    this.#cell.health.end();
    this.#cell.lease.end();
  }

  /** Does what no request waits for: where it fails, as on a full disk, the jail says so, and the agent goes on. */
  async #alone(work: (held: HeldJail) => Promise<void>): Promise<void> {
    try {
      await this.locked(work);
    } catch (error) {
      this.#cell.lastFault = messageOf(error);
      await this.#context.events.append('fault', this.name, { reason: messageOf(error).slice(0, 500) });
    }
  }
}
