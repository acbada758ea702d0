import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { mountFileSystem, unmount } from '../../kernel/mount.ts';
import { removePinned } from '../../observe/pinned.ts';
import type { Paths } from '../../system/paths.ts';

/** Of linux/magic.h. */
const BPF_FS_MAGIC = 0xcafe4a11;

/** systemd mounts one there, and units with a mount namespace of their own see it. */
const shared = '/sys/fs/bpf';

/**
 * Where the agent of these folders pins its BPF objects: in the host's bpffs, or in one of its own below the run folder.
 * An own one in a private mount namespace does not outlive the agent: so the host's comes first.
 */
export function pinsFolder({ run }: Paths): string {
  if (isBpffs(shared)) {
    const mark = createHash('sha256').update(run).digest('hex').slice(0, 12);
    return join(shared, run === '/run/prodng' ? 'prodng' : `prodng-${mark}`);
  }
  return join(ownMount(run), 'pins');
}

/** Makes pinsFolder usable. @throws SystemError when no bpffs can be mounted */
export function preparePins(paths: Paths): string {
  const folder = pinsFolder(paths);
  if (!folder.startsWith(shared)) {
    const own = ownMount(paths.run);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    if (!isBpffs(own)) mountFileSystem('bpf', 'prodng', own, ['nosuid', 'nodev', 'noexec'], 'mode=700');
  }
  return folder;
}

/** Ends all that is pinned, and unmounts what preparePins has mounted. */
export function removePins(paths: Paths): void {
  removePinned(pinsFolder(paths));
  const own = ownMount(paths.run);
  if (existsSync(own) && isBpffs(own)) unmount(own);
  rmSync(own, { recursive: true, force: true });
}

function ownMount(run: string): string {
  return join(run, 'agent', 'bpf');
}

function isBpffs(path: string): boolean {
  try {
    return statfsSync(path).type === BPF_FS_MAGIC;
  } catch {
    return false;
  }
}
