import { fstatSync, writeSync } from 'node:fs';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';

/** Set when the reader was slower than us once: what follows must not overtake what Node still holds. */
let isQueued = false;

/**
 * Writes to standard output. Node's own stream for it takes longer to load than most commands take, so it is left for
 * readers that do not keep up.
 *
 * @throws ProdngError IO
 */
export function print(text: string | Uint8Array): void {
  let rest = typeof text === 'string' ? Buffer.from(text) : text;
  while (rest.length > 0 && !isQueued) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      // a reader that closes its end early (prodng ... | head) is not a fault
      if (errnoOf(error) === 'EPIPE') process.exit(0);
      if (errnoOf(error) !== 'EAGAIN') throw outputFault(error);
      isQueued = true;
    }
  }
  if (rest.length > 0) process.stdout.write(rest);
}

/** What is told of an error of standard output, such as a full disk. */
export function outputFault(error: unknown): ProdngError {
  return new ProdngError('IO', `standard output: cannot be written: ${reasonOf(error)}`, {
    cause: error,
  });
}

/**
 * Whether people read standard output. The kernel's numbers of devices answer it in nearly every case
 * (Documentation/admin-guide/devices.txt); to ask Node is to load its streams, which takes longer than most commands.
 */
export function isTerminal(): boolean {
  const major = characterDevice(1);
  if (major === undefined || major === memoryDevices) return false;
  return (major >= firstPseudoTerminal && major <= lastPseudoTerminal) || process.stdout.isTTY === true;
}

/** /dev/null and its like */
const memoryDevices = 1;
const firstPseudoTerminal = 136;
const lastPseudoTerminal = 143;

/** Columns of the terminal; undefined for a pipe or file, and for a terminal whose size nobody has set. */
export function terminalWidth(): number | undefined {
  return isTerminal() ? process.stdout.columns || undefined : undefined;
}

/** The major number of the character device that a handle is; undefined when it is none. */
function characterDevice(handle: number): number | undefined {
  try {
    const about = fstatSync(handle);
    // the upper twelve bits of a 32-bit number, makedev(3)
    return about.isCharacterDevice() ? (about.rdev >> 8) & 0xfff : undefined;
  } catch {
    return undefined;
  }
}

let isOutputGuarded = false;

/** Standard output as a stream, for what is passed on; for all else there is `print`. It ends as that does. */
export function standardOutput(): NodeJS.WriteStream {
  if (!isOutputGuarded)
    process.stdout.on('error', (error: unknown) => {
      // a reader that closes its end early (prodng ... | head) is not a fault
      if (errnoOf(error) === 'EPIPE') process.exit(0);
      process.nextTick(() => {
        throw outputFault(error);
      });
    });
  isOutputGuarded = true;
  return process.stdout;
}

let isGuarded = false;

/** Standard error. That nobody reads it, or a disk is full, is no fault: the exit status tells as much. */
export function standardError(): NodeJS.WriteStream {
  if (!isGuarded) process.stderr.on('error', () => {});
  isGuarded = true;
  return process.stderr;
}
