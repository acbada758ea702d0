import type { JailState } from '../state/state-schema.ts';
import type { ActiveRun } from './active-run.ts';
import type { Backoff } from './backoff.ts';
import type { HealthWatch } from './health-watch.ts';
import type { LeaseWatch } from './lease-watch.ts';
import type { Phase } from './transitions.ts';

/** All that changes of a jail. SupervisedJail shows it, and HeldJail, which only its lock gives out, changes it. */
export interface JailCell {
  state: JailState;
  phase: Phase;
  run: ActiveRun | undefined;
  /** Why it could not be started, when it could not. */
  lastFault: string | undefined;
  /** The next start, while it waits for that. */
  retry: NodeJS.Timeout | undefined;
  /** Set while Jail-Prepare runs: ends it, so that an operation can have the jail. */
  preparing: AbortController | undefined;
  /** Operations that wait for the jail and do not wait for Jail-Prepare. */
  impatient: number;
  /** It was removed: who has waited for its lock finds nothing. */
  isGone: boolean;
  /** Changes of the state go one by one. */
  changing: Promise<void>;
  readonly backoff: Backoff;
  readonly health: HealthWatch;
  readonly lease: LeaseWatch;
}
