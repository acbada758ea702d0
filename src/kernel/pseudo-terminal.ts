import { closeSync, constants, openSync } from 'node:fs';
import { libcFunction } from './libc.ts';

const posixOpenpt = libcFunction('int posix_openpt(int flags)');
const grantpt = libcFunction('int grantpt(int fd)');
const unlockpt = libcFunction('int unlockpt(int fd)');
const ptsnameR = libcFunction('int ptsname_r(int fd, void *name, size_t size)');

const tcgetattr = libcFunction('int tcgetattr(int fd, void *termios)');
const tcflush = libcFunction('int tcflush(int fd, int queue)');
const openPeer = libcFunction('int ioctl(int fd, unsigned long request, int flags)');

/** struct termios, asm-generic/termbits.h: where c_lflag and c_cc are. */
const [localFlags, characters] = [12, 17];
const [ISIG, ECHO, NOFLSH, ECHOCTL] = [0o1, 0o10, 0o200, 0o1000];
const [VINTR, VQUIT] = [0, 1];
const TIOCGPTPEER = 0x5441;
const TCIFLUSH = 0;

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

/** What a terminal with a foreground process group does with a key that signals, termios(3). */
export interface SignalKey {
  signal: 'SIGINT' | 'SIGQUIT';
  /** What it prints for it. */
  echo: string;
  /** Whether what was typed before it, and not yet read, is dropped. */
  flushes: boolean;
}

/** undefined for most keys, and whenever the program has switched that off. */
export function signalKey(terminal: number, key: number): SignalKey | undefined {
  const settings = Buffer.alloc(60);
  tcgetattr(terminal, settings);
  const flags = settings.readUInt32LE(localFlags);
  if ((flags & ISIG) === 0 || key === 0) return undefined;
  const isInterrupt = key === settings[characters + VINTR];
  if (!isInterrupt && key !== settings[characters + VQUIT]) return undefined;
  const isShown = (flags & ECHO) !== 0 && (flags & ECHOCTL) !== 0 && key < 32;
  return {
    signal: isInterrupt ? 'SIGINT' : 'SIGQUIT',
    echo: isShown ? `^${String.fromCharCode(key + 64)}` : '',
    flushes: (flags & NOFLSH) === 0,
  };
}

/** Drops what was typed on a pseudo terminal, and not yet read; what was printed on it is kept. ioctl_tty(2). */
export function dropInput(master: number): void {
  const slave = openPeer(master, TIOCGPTPEER, constants.O_RDWR | constants.O_NOCTTY | O_CLOEXEC);
  try {
    tcflush(slave, TCIFLUSH);
  } finally {
    closeSync(slave);
  }
}
