import { isDhcpClientRunning, startDhcpClient } from '../../jail/network/dhcp-client.ts';
import { readLease } from '../../jail/network/dhcp-lease.ts';
import { jailLink } from '../../jail/network/network.ts';
import type { AgentContext } from '../agent-context.ts';
import { isRunning } from '../state/run-file.ts';
import type { ActiveRun } from './active-run.ts';
import { Background } from './background.ts';

/** ms. A lease lasts two minutes at least. */
const interval = 2000;

/**
 * Looks after the lease of a jail that has its address by DHCP: tells when it changes, and starts its client anew if
 * that was killed, as by a service that took its port. Renewing is the client's own, whether or not we live.
 */
export class LeaseWatch {
  readonly #name: string;
  readonly #context: AgentContext;
  readonly #background: Background;
  #timer: NodeJS.Timeout | undefined;
  #told = '';

  constructor(name: string, context: AgentContext) {
    this.#name = name;
    this.#context = context;
    this.#background = new Background(context.events, name);
  }

  begin(run: ActiveRun): void {
    this.end();
    if (run.file.network?.address !== 'dhcp') return;
    this.#told = standing(run);
    let looking = false;
    this.#timer = setInterval(() => {
      if (looking) return;
      looking = true;
      void this.#background
        .run(() => this.#look(run))
        .finally(() => {
          looking = false;
        });
    }, interval);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(run: ActiveRun): Promise<void> {
    const { events, paths } = this.#context;
    const { name, bundle, pid, startTime } = run.file.record;
    if (!isRunning(run.file) || pid === undefined || startTime === undefined) return;
    if (!isDhcpClientRunning(bundle)) {
      await startDhcpClient({ name, bundle, pid, startTime }, jailLink, paths.jail);
      await events.append('dhcp-client-restarted', this.#name);
    }
    const now = standing(run);
    if (now === this.#told || now === '') return;
    this.#told = now;
    await events.append('lease', this.#name, { lease: now.slice(0, 300) });
  }
}

/** The lease's address, or what is wrong with it. */
function standing({ file }: ActiveRun): string {
  const lease = readLease(file.record.bundle);
  return (lease?.state === 'bound' ? (lease.fault ?? lease.address) : lease?.fault) ?? '';
}
