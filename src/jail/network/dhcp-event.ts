import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import { startTimeOf } from '../lifecycle/jail-slot.ts';
import { runTool } from '../runtime/host-tool.ts';
import { beginsPath, leasePath, parseAnswer, readLease } from './dhcp-lease.ts';
import type { Lease, LeaseFile } from './lease-types.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Newer udhcpc keep no lease for less, whatever the server says: seconds. */
const shortest = 122;

/** Seconds after which the kernel takes the address away: a renewal at the last moment must not come too late. */
const grace = 10;

/**
 * What udhcpc executes when something happens to a lease; it runs in the jail's network namespace, whether or not
 * there is an agent. The address is set for as long as the lease holds: if it is not renewed, the kernel takes it
 * away by itself, ip-address(8).
 *
 * @param event `deconfig`, `bound`, `renew`, `nak` or `leasefail`
 * @param environment with the server's answer, unchecked
 */
export async function onDhcpEvent(event: string, environment: Environment): Promise<void> {
  const { PRODNG_LEASE: file = '', PRODNG_JAIL: jail = '', interface: link = '' } = environment;
  const [pid, startTime] = jail.split(' ');
  if (startTimeOf(Number(pid)) !== startTime) {
    // the jail has ended, and the process that should have ended its client was killed first
    process.kill(process.ppid, 'SIGKILL');
    return;
  }
  const bundle = dirname(file);
  const before = readLease(bundle);
  if (event === 'bound' || event === 'renew') await take(bundle, link, before, parseAnswer(environment));
  else if (event === 'leasefail' && (before?.state !== 'bound' || isOver(before)))
    await keep(bundle, { state: 'unanswered', fault: 'no server answers' });
  else if (event === 'deconfig' && !takeMark(bundle) && before?.state === 'bound') {
    await keep(bundle, { state: 'lost', fault: `the lease of ${before.address} could not be renewed` });
    await removeAddress(before.address, link);
  }
}

function takeMark(bundle: string): boolean {
  const mark = beginsPath(bundle);
  if (!existsSync(mark)) return false;
  rmSync(mark, { force: true });
  return true;
}

/** How long the kernel keeps the address, in seconds. */
function kept(seconds: number): number {
  return Math.max(seconds, shortest) + grace;
}

function isOver({ obtained, seconds }: LeaseFile & { state: 'bound' }): boolean {
  return Date.now() > Date.parse(obtained) + kept(seconds) * 1000;
}

async function take(
  bundle: string,
  link: string,
  before: LeaseFile | undefined,
  answer: Lease | string,
): Promise<void> {
  if (typeof answer === 'string') {
    const fault = `a DHCP server gave an absurd answer: ${answer}`;
    // the address of before holds until its own time has run out
    await keep(bundle, before?.state === 'bound' ? { ...before, fault } : { state: 'refused', fault });
    return;
  }
  if (before?.state === 'bound' && before.address !== answer.address)
    await removeAddress(before.address, link);
  try {
    await setAddress(answer, link);
  } catch (error) {
    await keep(bundle, { state: 'refused', fault: error instanceof Error ? error.message : String(error) });
    throw error;
  }
  await keep(bundle, { state: 'bound', ...answer, obtained: new Date().toISOString() });
}

async function setAddress({ address, gateway, seconds }: Lease, link: string): Promise<void> {
  const lifetime = kept(seconds) >= 2 ** 31 ? 'forever' : String(kept(seconds));
  const commands = [
    `address replace ${address} dev ${link} valid_lft ${lifetime} preferred_lft ${lifetime}`,
    ...(gateway === undefined ? [] : [`route replace default via ${gateway} dev ${link}`]),
  ];
  await runTool(['ip', '-4', '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

/** The kernel may have taken it away before. Its routes go with it. */
async function removeAddress(address: string, link: string): Promise<void> {
  await runTool(['ip', '-4', 'address', 'delete', address, 'dev', link], { accept: [0, 2] });
}

async function keep(bundle: string, lease: LeaseFile): Promise<void> {
  await writeFileAtomic(leasePath(bundle), `${JSON.stringify(lease)}\n`, 0o600);
}
