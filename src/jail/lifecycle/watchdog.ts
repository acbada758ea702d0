import { closeSync, writeSync } from 'node:fs';
import { killAndReap } from '../../kernel/child-watch.ts';
import { makePipe } from '../../kernel/pipe.ts';
import { hostBusybox } from '../runtime/busybox.ts';
import { startTool } from '../runtime/host-tool.ts';

/** Kills a process when this one ends, however that happens. */
export interface Watchdog {
  /** @param pid our child, so that the number is not reused before we have waited for it */
  guard(pid: number): void;
  callOff(): Promise<void>;
}

/**
 * Has a process killed when this one ends, even by SIGKILL: PDEATHSIG of prctl(2) can be set only by the process that
 * it is to hit. xargs(1) reads until the pipe from us breaks, and then runs kill(1).
 */
export function startWatchdog(): Watchdog {
  const { readEnd, writeEnd } = makePipe();
  let xargs: number;
  try {
    const descriptors = [readEnd, undefined, undefined];
    xargs = startTool([hostBusybox(), 'xargs', '-r', 'kill', '-KILL'], { descriptors });
  } catch (error) {
    closeSync(writeEnd);
    throw error;
  } finally {
    closeSync(readEnd);
  }
  return {
    guard: (pid) => void writeSync(writeEnd, `${pid}\n`),
    async callOff() {
      await killAndReap(xargs);
      closeSync(writeEnd);
    },
  };
}
