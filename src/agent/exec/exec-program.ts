import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { type Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { type RunRecord, startTimeOf } from '../../jail/lifecycle/jail-slot.ts';
import { readPid } from '../../jail/runtime/pid-file.ts';
import { dropInput, makeTerminal, signalKey } from '../../kernel/pseudo-terminal.ts';
import { setWindowSize } from '../../kernel/terminal.ts';
import type { TerminalSize } from './exec-schema.ts';
import { startInJail } from './start-in-jail.ts';

/** A program that was executed in a running jail, and our ends of its streams. */
export interface ExecutedProgram {
  input: Writable;
  outputs: readonly { from: Readable; isErrors: boolean }[];
  /** Its exit status, once all that it printed has been read; 128 and the number of the signal that ended it. */
  ended: Promise<number>;
  /** Of the program itself, as the host counts; undefined until it has begun. */
  pid(): number | undefined;
  endInput(): void;
  signal(name: NodeJS.Signals): void;
  kill(): void;
  resize(size: TerminalSize): void;
}

export function startOnPipes(record: RunRecord, argv: readonly string[], pidFile: string): ExecutedProgram {
  const child = startInJail(record, { argv, pidFile, stdio: ['pipe', 'pipe', 'pipe'] });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null)
    throw new ProdngError('INTERNAL', `${record.name}: exec: no pipes to the program`);
  return {
    input: stdin,
    outputs: [
      { from: stdout, isErrors: false },
      { from: stderr, isErrors: true },
    ],
    ended: endOf(child, 'close'),
    endInput: () => stdin.end(),
    resize: () => {},
    ...controlOf(child, pidFile),
  };
}

/**
 * On a pseudo terminal of the host's, made for this program alone: a jail has no /dev/ptmx of its own. The runtime makes
 * the program the leader of a session without a controlling terminal, so that what the kernel would do for such a one is
 * done here: signals by keys, and by a change of its size, for the program's process group.
 */
export function startOnTerminal(
  record: RunRecord,
  argv: readonly string[],
  pidFile: string,
  size: TerminalSize,
): ExecutedProgram {
  const { master, slave } = makeTerminal();
  setWindowSize(master, size);
  const stream = new ReadStream(master);
  // EIO is how a terminal says that its other end is closed
  const drained = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve());
  });
  stream.on('error', () => stream.destroy());
  let child: ChildProcess;
  try {
    child = startInJail(record, { argv, pidFile, stdio: [slave, slave, slave], terminal: true });
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    closeSync(slave);
  }
  const { pid, signal, kill } = controlOf(child, pidFile);
  const signalGroup = (name: NodeJS.Signals) => {
    const leader = pid();
    if (leader !== undefined) send(-leader, name);
  };
  const keys = new Writable({
    write(chunk: Buffer, _encoding, done) {
      let typed: number[] = [];
      for (const key of chunk) {
        const found = stream.destroyed ? undefined : signalKey(master, key);
        if (found === undefined) {
          typed.push(key);
          continue;
        }
        // The terminal itself is not given this key: it would drop, a little later, what the program has printed for it
        if (found.flushes) {
          typed = [];
          dropInput(master);
        }
        if (found.echo !== '') stream.push(found.echo);
        signalGroup(found.signal);
      }
      stream.write(Buffer.from(typed), () => done());
    },
  });
  return {
    input: keys,
    outputs: [{ from: stream, isErrors: false }],
    ended: endOf(child, 'exit').then(async (status) => {
      // what a child that it left behind still holds open is not waited for
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 1000))]);
      stream.destroy();
      return status;
    }),
    // as the key does it: a terminal has no other end
    endInput: () => keys.write('\u0004'),
    resize(to) {
      if (stream.destroyed) return;
      setWindowSize(master, to);
      signalGroup('SIGWINCH');
    },
    pid,
    signal,
    kill,
  };
}

async function endOf(child: ChildProcess, event: 'exit' | 'close'): Promise<number> {
  const [status]: unknown[] = await once(child, event);
  return typeof status === 'number' ? status : 137;
}

/** Signals to a program that the runtime executes in a jail: it counts as begun once its pid is written. */
export function controlOf(
  child: ChildProcess,
  pidFile: string,
): Pick<ExecutedProgram, 'pid' | 'signal' | 'kill'> {
  const pid = () => readPid(pidFile);
  // the runtime passes signals on, but none that comes before its program has begun
  const signal = (name: NodeJS.Signals) => {
    const program = pid();
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (program === undefined) child.kill(name);
    else send(program, name);
  };
  const kill = () => {
    signal('SIGKILL');
    child.kill('SIGKILL');
  };
  return { pid, signal, kill };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    if (startTimeOf(Math.abs(pid)) !== undefined) process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
