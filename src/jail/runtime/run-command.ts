import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { ProdngError } from '../../error/prodng-error.ts';
import type { RunJailOptions } from '../lifecycle/run-options.ts';
import { resolveInRoot } from '../storage/root-path.ts';
import type { JailBind } from './oci-spec.ts';
import { findProgram } from './runtime.ts';

export interface RunCommand {
  /** Undefined: the declared one. */
  argv?: readonly string[];
  binds: JailBind[];
}

const shells = ['/bin/bash', '/bin/sh'];
/** The one folder that the runtime can still make a mount point in. */
const borrowedShell = '/dev/busybox';

/**
 * What runs in the jail: the declared command, another one, or a shell. Most jails have none; then
 * the host's static busybox is lent to it, read-only.
 *
 * @throws ProdngError HOST_LACKS when the host has none to lend
 */
export function commandOf(
  rootfs: string,
  { argv, shell }: Pick<RunJailOptions, 'argv' | 'shell'>,
): RunCommand {
  if (shell !== true) return { ...(argv === undefined ? {} : { argv }), binds: [] };
  const found = shells.find((path) => isExecutable(rootfs, path));
  if (found !== undefined) return { argv: [found], binds: [] };
  const busybox = findProgram('busybox');
  if (busybox === undefined || !isStatic(busybox))
    throw new ProdngError(
      'HOST_LACKS',
      'the jail has no shell, and the host has no static busybox to lend it',
      {
        hint: 'as root, run: apt-get install busybox-static',
      },
    );
  const bind = { source: busybox, path: borrowedShell, writable: false, executable: true };
  return { argv: [borrowedShell, 'sh'], binds: [bind] };
}

function isExecutable(rootfs: string, path: string): boolean {
  const { path: place, exists } = resolveInRoot(rootfs, path);
  return exists && (statSync(place).mode & 0o111) !== 0;
}

const PT_INTERP = 3;

/** Whether a 64-bit ELF program needs no interpreter, elf(5). */
function isStatic(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4096);
    const length = readSync(fd, head, 0, head.length, 0);
    const table = Number(head.readBigUInt64LE(32));
    const [size, count] = [head.readUInt16LE(54), head.readUInt16LE(56)];
    if (head.readUInt32BE(0) !== 0x7f454c46 || table + size * count > length) return false;
    for (let index = 0; index < count; index++) {
      if (head.readUInt32LE(table + size * index) === PT_INTERP) return false;
    }
    return true;
  } finally {
    closeSync(fd);
  }
}
