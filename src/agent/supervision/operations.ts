import type { HeldJail } from './held-jail.ts';

/**
 * Wants it to run, and starts it if it does not. When that fails, one that was stopped is so again, and one that was
 * waiting for its next start waits on.
 *
 * @throws ProdngError why it could not be started
 */
export async function startJail(held: HeldJail): Promise<void> {
  held.resetBackoff();
  const before = held.state.desired;
  const wanted = before === 'running' ? undefined : held.change({ desired: 'running' });
  // it is waited for before the service's first instruction
  wanted?.catch(() => {});
  if (held.run !== undefined) return wanted;
  try {
    await held.launch(undefined, wanted);
  } catch (error) {
    await Promise.allSettled([wanted]);
    if (held.state.desired !== before) await held.change({ desired: before });
    throw error;
  }
}

/**
 * Wants it not to run, and ends its run as it declares.
 *
 * @param timeout ms until SIGKILL, instead of the declared ones
 */
export async function stopJail(held: HeldJail, timeout?: number): Promise<void> {
  if (held.state.desired !== 'stopped') await held.change({ desired: 'stopped' });
  await held.stop(timeout);
}

/**
 * Ends its run, if there is one, and starts it. What can be known to keep it from starting is known before it is
 * stopped: it then runs on.
 *
 * @throws ProdngError why it could not be started
 */
export async function restartJail(held: HeldJail): Promise<void> {
  const plan = await held.plan();
  held.resetBackoff();
  if (held.state.desired !== 'running') await held.change({ desired: 'running' });
  await held.stop();
  await held.launch(plan);
}
