import { ProdngError } from '../../error/prodng-error.ts';

/** What a jail does right now. */
export const phases = ['stopped', 'waiting', 'starting', 'running', 'stopping'] as const;
export type Phase = (typeof phases)[number];

/** What can happen to a jail. */
export const phaseEvents = [
  /** A run that an earlier agent left is alive, and is the jail's. */
  'taken-over',
  /** The agent has just begun, and the jail has its place in the order of starts. */
  'queued',
  /** A run is about to be made. */
  'launch',
  'launched',
  'launch-failed',
  /** Its run is about to be ended by order. */
  'stop',
  'stopped',
  /** It could not be told to end: it still runs. */
  'stop-failed',
  /** Another run has taken the place of its run. */
  'replaced',
  /** Its run has ended by itself, and Jail-Restart says: again. */
  'exited',
  /** Its run has ended by itself, and Jail-Restart says: that is all. */
  'finished',
  /** Found by reconcile: it should run. */
  'wanted',
  /** Found by reconcile: it should not. */
  'unwanted',
] as const;
export type PhaseEvent = (typeof phaseEvents)[number];

export type PhaseAction =
  /** Begins the health checks and the like of its run. */
  | 'watch'
  | 'unwatch'
  /** One more failure in a row, which makes the wait longer. */
  | 'count-failure'
  /** Sets the timer of the next start. */
  | 'schedule'
  /** Takes that timer back. */
  | 'cancel'
  /** Ends its run. */
  | 'end-run'
  /** It should no longer run. */
  | 'want-stopped';

export interface Transition {
  to: Phase;
  actions: readonly PhaseAction[];
}

function row(to: Phase, ...actions: PhaseAction[]): Transition {
  return { to, actions };
}

/**
 * The behaviour of a jail. What is not in it cannot happen. Each phase has a row for `wanted` and for `unwanted`, so
 * that reconcile, which runs after every operation and every end, leaves no jail that should run without a run or a
 * timer, whatever has failed.
 */
export const transitions: Readonly<Record<Phase, Readonly<Partial<Record<PhaseEvent, Transition>>>>> = {
  stopped: {
    'taken-over': row('running', 'watch'),
    queued: row('waiting'),
    launch: row('starting'),
    wanted: row('waiting', 'schedule'),
    unwanted: row('stopped'),
  },
  waiting: {
    launch: row('starting', 'cancel'),
    wanted: row('waiting'),
    unwanted: row('stopped', 'cancel'),
  },
  starting: {
    launched: row('running', 'watch'),
    'launch-failed': row('stopped', 'count-failure'),
    wanted: row('waiting', 'count-failure', 'schedule'),
    unwanted: row('stopped'),
  },
  running: {
    stop: row('stopping', 'unwatch'),
    replaced: row('running', 'unwatch', 'watch'),
    exited: row('stopped', 'unwatch', 'count-failure'),
    finished: row('stopped', 'unwatch', 'want-stopped'),
    wanted: row('running'),
    unwanted: row('running', 'end-run'),
  },
  stopping: {
    stopped: row('stopped'),
    'stop-failed': row('running', 'watch'),
    wanted: row('waiting', 'schedule'),
    unwanted: row('stopped'),
  },
};

/** @throws ProdngError INTERNAL when that cannot happen in this phase */
export function transition(phase: Phase, event: PhaseEvent): Transition {
  const found = transitions[phase][event];
  if (found !== undefined) return found;
  throw new ProdngError('INTERNAL', `a jail that is ${phase} cannot be ${event}`);
}
