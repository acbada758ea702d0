import type { Violation } from '../../observe/kernel-rule.ts';
import type { EventLog } from '../events/event-log.ts';
import { reasonOfFailure } from './mechanism.ts';
import type { Note } from './note.ts';
import { dueReactions, eventOf, type Reaction } from './reactions.ts';

/** What the agent does to jails for a policy. */
export interface PolicyActions {
  isInstalled(jail: string): boolean;
  /** Freezes a run of a jail. @throws ProdngError when it is over */
  freeze(jail: string, run: string): Promise<void>;
  /** Takes evidence of a run of a jail. @throws ProdngError when it is over */
  takeEvidence(jail: string, run: string, reason: string): Promise<void>;
}

/** How often policies have met with something in a jail. */
export interface ViolationCount {
  labels: Record<'jail' | 'policy' | 'action' | 'mode', string>;
  count: number;
}

/** Does what policies say of what the kernel has met with: events, metrics, a frozen jail, evidence. */
export class Reactor {
  readonly counts = new Map<string, ViolationCount>();
  readonly #events: EventLog;
  readonly #actions: PolicyActions;
  /** When a rule was last reacted to, by run. */
  readonly #last = new Map<string, Map<string, number>>();

  constructor(events: EventLog, actions: PolicyActions) {
    this.#events = events;
    this.#actions = actions;
  }

  /**
   * Reacts to what is due. Nothing of it waits for a jail to be frozen, or for evidence.
   *
   * @param isOver the run has ended
   */
  async react(note: Note, violations: readonly Violation[], isOver: boolean): Promise<void> {
    const last = this.#last.get(note.id) ?? new Map<string, number>();
    if (isOver) this.#last.delete(note.id);
    else this.#last.set(note.id, last);
    const due = dueReactions(note.rules, violations, note.reported, last, performance.now(), isOver);
    for (const reaction of due) {
      this.#count(note.name, reaction);
      const { kind, detail } = eventOf(reaction);
      await this.#events.append(kind, note.name, detail);
    }
    const inForce = due.filter(({ act }) => act.mode === 'enforce');
    const freezing = inForce.find(({ act }) => act.rule.action === 'freeze');
    const taking = inForce.find(({ act }) => act.rule.action === 'evidence');
    if (freezing !== undefined)
      void this.#try(note, freezing, isOver, () => this.#actions.freeze(note.name, note.id));
    if (taking !== undefined)
      void this.#try(note, taking, isOver, () =>
        this.#actions.takeEvidence(note.name, note.id, `policy ${taking.act.policy}: ${taking.what}`),
      );
  }

  async #try(note: Note, { act }: Reaction, isOver: boolean, work: () => Promise<void>): Promise<void> {
    try {
      if (isOver) throw new Error('the run has ended');
      await work();
    } catch (error) {
      await this.#events.append('policy-failed', note.name, {
        policy: act.policy,
        action: act.rule.action,
        reason: reasonOfFailure(error),
      });
    }
  }

  #count(jail: string, { act: { policy, mode, rule }, count }: Reaction): void {
    const labels = { jail, policy, action: rule.action, mode };
    const key = JSON.stringify(labels);
    const before = this.counts.get(key)?.count ?? 0;
    this.counts.set(key, { labels, count: before + count });
  }
}
