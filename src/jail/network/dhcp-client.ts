import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Ending } from '../../kernel/child.ts';
import { endingOf } from '../../kernel/child-watch.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import type { Paths } from '../../system/paths.ts';
import { endProgram, isProgramRunning, type NamedProgram } from '../lifecycle/end-program.ts';
import type { RunRecord } from '../lifecycle/jail-slot.ts';
import type { Watchdog } from '../lifecycle/watchdog.ts';
import { hostBusybox } from '../runtime/busybox.ts';
import { startTool, statusOf } from '../runtime/host-tool.ts';
import { beginsPath, leasePath, readLease } from './dhcp-lease.ts';
import type { LeaseFile } from './lease-types.ts';

/** A run whose first process is there. */
export type LeasedRun = Pick<RunRecord, 'name' | 'bundle'> & Required<Pick<RunRecord, 'pid' | 'startTime'>>;

/** ms; udhcpc asks four times, two seconds apart, and reports if no server has answered. */
const patience = 30_000;

/** The rights of the client and of what it runs: raw sockets, DHCP's port, and to set the address. */
const capabilities = '-all,+net_raw,+net_bind_service,+net_admin';

/**
 * Has busybox's udhcpc(8) ask for an address, in the network namespace of a jail and with no right of the jail's: it
 * is a process of the host that the jail does not see. It keeps the lease for as long as the jail runs, whatever
 * becomes of us. Its raw sockets are in no packet filter's way, so that no rule has to be made for it.
 *
 * @param link the jail's interface
 */
export async function startDhcpClient(run: LeasedRun, link: string, paths: Paths): Promise<DhcpClient> {
  const busybox = hostBusybox();
  const script = await eventScript(paths);
  // names of hosts have no other characters, RFC 1123 2.1
  const host = run.name.replace(/[^a-z0-9-]/g, '-').slice(0, 63);
  writeFileSync(beginsPath(run.bundle), '');
  const before = readLease(run.bundle);
  const again = before?.state === 'bound' ? ['-r', before.address.replace(/\/.*$/, '')] : [];
  const place = ['-f', '-i', link, '-s', script, '-p', dhcpClient(run.bundle).pidFile];
  const options = ['-o', '-O', 'subnet', '-O', 'router', '-x', `hostname:${host}`, ...again];
  // the address is somebody's already if it answers within 200 ms
  const times = ['-a200', '-t', '4', '-T', '2', '-A', '10'];
  const enter = ['nsenter', `--net=/proc/${run.pid}/ns/net`, '--'] as const;
  const reduced = ['setpriv', '--inh-caps', '-all', '--bounding-set', capabilities, '--no-new-privs', '--'];
  const pid = startTool([...enter, ...reduced, busybox, 'udhcpc', ...place, ...options, ...times], {
    cwd: '/',
    env: { PRODNG_LEASE: leasePath(run.bundle), PRODNG_JAIL: `${run.pid} ${run.startTime}` },
  });
  return { pid, ended: endingOf(pid, { holds: false }) };
}

/** A client as the one who started it sees it. */
export interface DhcpClient {
  pid: number;
  /** It is not waited for when there is nothing else to do. */
  ended: Promise<Ending>;
}

/**
 * Gives a jail an address by DHCP.
 *
 * @param watchdog ends the client with the jail, until it is called off
 * @returns the lease, and what ends the client
 * @throws ProdngError NETWORK, HOST_LACKS; the client is gone then
 */
export async function leaseAddress(
  run: LeasedRun,
  link: string,
  paths: Paths,
  watchdog?: Watchdog,
): Promise<{ lease: BoundLease; end: () => Promise<void> }> {
  const client = await startDhcpClient(run, link, paths);
  watchdog?.guard(client.pid);
  try {
    return { lease: await firstLease(run, client), end: () => endDhcpClient(run.bundle) };
  } catch (error) {
    await endDhcpClient(run.bundle);
    throw error;
  }
}

type BoundLease = LeaseFile & { state: 'bound' };

/**
 * Waits for the first answer.
 *
 * @throws ProdngError NETWORK when there is none in time, or one that cannot be taken
 */
async function firstLease(run: LeasedRun, client: DhcpClient): Promise<BoundLease> {
  let ended = '';
  void client.ended.then((ending) => {
    ended = `the DHCP client ended with status ${statusOf(ending)}`;
  });
  const end = performance.now() + patience;
  for (;;) {
    const lease = readLease(run.bundle);
    if (lease?.state === 'bound') return lease;
    const fault = lease?.fault ?? (ended || (performance.now() > end ? 'no answer in time' : ''));
    if (fault !== '')
      throw new ProdngError('NETWORK', `${run.name}: no address by DHCP: ${fault}`, {
        hint: 'is there a DHCP server on that uplink? a static address needs none: address 192.0.2.10/24',
      });
    await sleep(10);
  }
}

/** Ends the client of a run, no matter which process started it. */
export function endDhcpClient(bundle: string): Promise<void> {
  return endProgram(dhcpClient(bundle));
}

export function isDhcpClientRunning(bundle: string): boolean {
  return isProgramRunning(dhcpClient(bundle));
}

/** conmon(8) has this run when its jail has ended: the client must not outlive it where no agent is there to see. */
export function endDhcpClientArgv(bundle: string): [string, ...string[]] {
  const busybox = hostBusybox();
  const { pidFile } = dhcpClient(bundle);
  const only = ['--exec', busybox, '--pidfile', pidFile];
  return [busybox, 'start-stop-daemon', '--stop', '--quiet', '--oknodo', '--signal', 'KILL', ...only];
}

function dhcpClient(bundle: string): NamedProgram {
  const pidFile = join(bundle, 'udhcpc.pid');
  return { name: 'udhcpc', argument: pidFile, pidFile };
}

/**
 * What udhcpc executes: itself takes no arguments for it. It must be where programs may be executed, which /run may not
 * be, and at one place for all versions of prodng.
 */
async function eventScript({ state }: Paths): Promise<string> {
  const path = join(state, 'dhcp-event');
  const words = [process.execPath, ownProgram(), 'dhcp-event'];
  const text = `#!/usr/bin/env -S ${words.map((word) => JSON.stringify(word)).join(' ')}\n`;
  if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    await mkdir(state, { recursive: true });
    await writeFileAtomic(path, text, 0o700);
  }
  return path;
}

/** The command line program of this very prodng, also for those who embed its runtime. */
function ownProgram(): string {
  const beside = join(dirname(fileURLToPath(import.meta.url)), 'prodng.cjs');
  return existsSync(beside) ? beside : (process.argv[1] ?? beside);
}
