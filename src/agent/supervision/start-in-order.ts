import type { SupervisedJail } from './supervised-jail.ts';

/** ms that one start keeps others of its group waiting: what it then waits for, such as a DHCP server, takes no CPU. */
const longest = 3000;

/** A jail and its place among the starts. */
export interface Ordered {
  jail: SupervisedJail;
  /** Lower is earlier. */
  order: number;
}

/**
 * Starts what waits for it, so many at a time. The order is a barrier: a jail is started when all of a lower order run,
 * or have failed once. One that an operator has started or stopped meanwhile is left as it is.
 *
 * @param atOnce how many at a time
 */
export async function startInOrder(jails: readonly Ordered[], atOnce: number): Promise<void> {
  const orders = [...new Set(jails.map(({ order }) => order))].toSorted((a, b) => a - b);
  for (const order of orders) {
    const group = jails.filter((one) => one.order === order).map(({ jail }) => jail);
    await startGroup(group, atOnce);
  }
}

async function startGroup(jails: readonly SupervisedJail[], atOnce: number): Promise<void> {
  const started: Promise<void>[] = [];
  const left = [...jails].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const next = async () => {
    for (let jail = left.shift(); jail !== undefined; jail = left.shift()) {
      const start = jail.locked((held) => held.launchIfDue()).catch(() => {});
      started.push(start);
      await Promise.race([start, new Promise((resolve) => setTimeout(resolve, longest).unref())]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  await Promise.all(started);
}
