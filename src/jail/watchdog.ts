import { startTool } from './host-tool.ts';

/** Kills a process when this one ends, however that happens. */
export interface Watchdog {
  /** @param pid our child, so that the number is nobody else's before we have asked for its end */
  guard(pid: number): void;
  callOff(): void;
}

/**
 * Has a process killed when this one ends, even by SIGKILL: PDEATHSIG of prctl(2) can be set only by the process that
 * it is to hit. xargs(1) reads until the pipe from us breaks, and then runs kill(1).
 */
export function startWatchdog(): Watchdog {
  const xargs = startTool(['xargs', '--no-run-if-empty', 'kill', '-KILL'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  xargs.stdin?.on('error', () => {});
  xargs.on('error', () => {});
  return {
    guard: (pid) => xargs.stdin?.write(`${pid}\n`),
    callOff: () => xargs.kill('SIGKILL'),
  };
}
