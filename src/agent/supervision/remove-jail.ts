import type { EventLog } from '../events/event-log.ts';
import type { HeldJail } from './held-jail.ts';

/**
 * Removes a jail whose state says that it is to be removed; of any other, nothing.
 *
 * @returns whether it is gone
 */
export async function removeJail(held: HeldJail, events: EventLog): Promise<boolean> {
  const { removing } = held.state;
  if (removing === undefined) return false;
  await held.stop();
  await held.remove(removing.purge);
  await events.append('removed', held.name, { purge: removing.purge });
  return true;
}
