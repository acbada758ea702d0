import { closeSync, constants, openSync } from 'node:fs';
import { libcFunction } from './libc.ts';

const posixOpenpt = libcFunction('int posix_openpt(int flags)');
const grantpt = libcFunction('int grantpt(int fd)');
const unlockpt = libcFunction('int unlockpt(int fd)');
const ptsnameR = libcFunction('int ptsname_r(int fd, void *name, size_t size)');

const tcgetattr = libcFunction('int tcgetattr(int fd, void *termios)');

/** struct termios, asm-generic/termbits.h: where c_lflag and c_cc are. */
const [localFlags, characters] = [12, 17];
const ISIG = 1;
const [VINTR, VQUIT] = [0, 1];

const O_CLOEXEC = 0o2000000;

/**
 * Makes a pseudo terminal of the host's, pty(7).
 *
 * @returns two file descriptors that the caller owns: a program's standard streams, and our end of them
 */
export function makeTerminal(): { master: number; slave: number } {
  const master = posixOpenpt(constants.O_RDWR | constants.O_NOCTTY | O_CLOEXEC);
  try {
    grantpt(master);
    unlockpt(master);
    const name = Buffer.alloc(64);
    ptsnameR(master, name, name.length);
    const path = name.toString('latin1', 0, name.indexOf(0));
    return { master, slave: openSync(path, constants.O_RDWR | constants.O_NOCTTY) };
  } catch (error) {
    closeSync(master);
    throw error;
  }
}

/**
 * What a key would do on a terminal that has a foreground process group, termios(3): undefined for most keys, and
 * whenever the program has switched that off.
 */
export function signalOfKey(terminal: number, key: number): 'SIGINT' | 'SIGQUIT' | undefined {
  const settings = Buffer.alloc(60);
  tcgetattr(terminal, settings);
  if ((settings.readUInt32LE(localFlags) & ISIG) === 0 || key === 0) return undefined;
  if (key === settings[characters + VINTR]) return 'SIGINT';
  return key === settings[characters + VQUIT] ? 'SIGQUIT' : undefined;
}
