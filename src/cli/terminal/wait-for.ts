import type { JailSummary } from '../../agent/api/jail-view.ts';
import type { AgentClient } from '../../agent/client.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { jailPath } from './agent-client.ts';

/** What a command waits for. */
export const conditions = ['running', 'healthy', 'stopped'] as const;
export type Condition = (typeof conditions)[number];

/** ms between two requests. */
const pause = 200;
/** Seconds that a jail without a health check must run to count as healthy, as for an upgrade. */
const settled = 2;

export interface Wait {
  condition: Condition;
  /** Seconds (default: no limit). */
  timeout?: number | undefined;
  /** Fail at once when the service has exited and will not be restarted. */
  untilEnd?: boolean;
}

/**
 * Waits until a jail is in a state.
 *
 * @throws ProdngError JAIL_UNHEALTHY when it is not in time, and what the agent answers with
 */
export async function waitFor(
  client: AgentClient,
  name: string,
  { condition, timeout = Number.POSITIVE_INFINITY, untilEnd = false }: Wait,
): Promise<JailSummary> {
  const end = performance.now() + timeout * 1000;
  for (;;) {
    const jail = (await client.call('GET', jailPath(name))) as JailSummary;
    if (holds(jail, condition)) return jail;
    const why = stateText(jail);
    const hint = `prodng status ${name}`;
    if (untilEnd && holds(jail, 'stopped'))
      throw new ProdngError('JAIL_UNHEALTHY', `${name} has exited: ${why}`, { hint });
    if (performance.now() > end)
      throw new ProdngError(
        'JAIL_UNHEALTHY',
        `${name} is not ${condition} after ${timeout} s: it is ${why}`,
        {
          hint,
        },
      );
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Whether a jail is in a state. One that waits for its next start is not stopped. */
export function holds(
  { state, health, uptime = 0, desired }: Pick<JailSummary, 'state' | 'health' | 'uptime' | 'desired'>,
  condition: Condition,
): boolean {
  if (condition === 'stopped') return state === 'stopped' && desired === 'stopped';
  if (state !== 'running') return false;
  if (condition === 'running') return true;
  return health === 'healthy' || (health === 'none' && uptime >= settled);
}

/** `running, unhealthy: HTTP status 404`; `stopped, exit status 3`. */
function stateText({ state, health, fault, lastExit }: JailSummary): string {
  const status = state === 'running' ? undefined : lastExit?.status;
  return [
    state,
    ...(health === 'none' ? [] : [`, ${health}`]),
    ...(status === undefined ? [] : [`, exit status ${status}`]),
    ...(fault === undefined ? [] : [`: ${fault}`]),
  ].join('');
}
