import { messageOf } from '../../error/prodng-error.ts';
import type { EventLog } from '../events/event-log.ts';

/**
 * Work that nothing waits for, such as a look at a jail every two seconds. Its failure is a `fault` in the events, once
 * until it has succeeded again, and never the end of the agent.
 */
export class Background {
  readonly #events: Pick<EventLog, 'append'>;
  readonly #jail: string | undefined;
  #told = '';

  /** @param jail that the events are of */
  constructor(events: Pick<EventLog, 'append'>, jail?: string) {
    this.#events = events;
    this.#jail = jail;
  }

  async run(work: () => unknown): Promise<void> {
    try {
      await work();
      this.#told = '';
    } catch (error) {
      const reason = messageOf(error).slice(0, 500);
      if (reason === this.#told) return;
      this.#told = reason;
      // the log reports its own failures
      await this.#events.append('fault', this.#jail, { reason }).catch(() => {});
    }
  }
}
