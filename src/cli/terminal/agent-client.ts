import type { AgentClient } from '../../agent/client.ts';
import { prodngPaths } from '../../system/paths.ts';

/** The agent that this host's folders belong to. */
export async function agentClient(): Promise<AgentClient> {
  const { AgentClient } = await import('../../agent/client.ts');
  return new AgentClient(prodngPaths());
}

/** The path of a jail, or of something of it, in the API. */
export function jailPath(name: string, rest = ''): string {
  return `/v1/jails/${encodeURIComponent(name)}${rest}`;
}

/** Aborted by the signals, Ctrl-C among them: for commands that go on until then. */
export function untilInterrupted(...signals: ('SIGINT' | 'SIGTERM' | 'SIGHUP')[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals.length > 0 ? signals : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const))
    process.once(signal, () => controller.abort());
  return controller.signal;
}
