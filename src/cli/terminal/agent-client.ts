import type { AgentTarget } from '../../agent/agent-target.ts';
import type { AgentClient } from '../../agent/client.ts';
import { prodngPaths } from '../../system/paths.ts';
import type { RemoteOptions } from './remote-options.ts';

let remote: RemoteOptions = {};

/** Has the commands talk with the agent that the options name. */
export function useRemote(options: RemoteOptions): void {
  remote = options;
}

/** The agent that a command talks with: that of `--host`, or the one that this host's folders belong to. */
export async function agentTarget(): Promise<AgentTarget> {
  if (remote.host !== undefined) {
    const { remoteTarget } = await import('./remote-target.ts');
    return remoteTarget(remote.host, remote);
  }
  const { localAgent } = await import('../../agent/agent-target.ts');
  return localAgent(prodngPaths());
}

/** A client of that agent. */
export async function agentClient(): Promise<AgentClient> {
  const { AgentClient } = await import('../../agent/client.ts');
  return new AgentClient(await agentTarget());
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
