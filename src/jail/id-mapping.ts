import { once } from 'node:events';
import { closeSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProdngError } from '../error/prodng-error.ts';
import { startTool } from './host-tool.ts';
import type { UidRange } from './uid-range.ts';

/** A user namespace by a descriptor, for idmapped mounts: no process lives in it. */
export interface IdMapping {
  fd: number;
  close(): void;
}

/**
 * Makes a user namespace with the maps of a jail. Its maps are what counts; the jail gets one of its own with the same.
 *
 * @throws ProdngError HOST_LACKS where user namespaces are switched off
 */
export async function openIdMapping(range: UidRange): Promise<IdMapping> {
  // `cat` only waits: it ends when its input does, so that nothing is left even after a kill -9 of prodng
  const holder = startTool(['unshare', '--user', 'cat'], { stdio: ['pipe', 'ignore', 'pipe'] });
  const exit = once(holder, 'exit');
  exit.catch(() => {});
  let said = '';
  holder.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  try {
    const pid = holder.pid;
    if (pid === undefined || !(await isInside(pid, () => holder.exitCode !== null))) {
      await exit.catch((error) => {
        said ||= String(error);
      });
      throw new ProdngError('HOST_LACKS', `cannot make a user namespace: ${said.trim()}`, {
        hint: 'see: sysctl user.max_user_namespaces, and run: prodng doctor',
      });
    }
    const map = `0 ${range.first} ${range.count}\n`;
    writeFileSync(`/proc/${pid}/uid_map`, map);
    writeFileSync(`/proc/${pid}/gid_map`, map);
    const fd = openSync(`/proc/${pid}/ns/user`, 'r');
    return { fd, close: () => closeSync(fd) };
  } finally {
    holder.kill('SIGKILL');
  }
}

/** unshare(1) first runs in our namespace: its maps must not be written before it has left it. */
async function isInside(pid: number, ended: () => boolean): Promise<boolean> {
  const own = readlinkSync('/proc/self/ns/user');
  for (;;) {
    if (namespaceOf(pid, own) !== own) return true;
    if (ended()) return false;
    await sleep(1);
  }
}

function namespaceOf(pid: number, own: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return own;
  }
}
