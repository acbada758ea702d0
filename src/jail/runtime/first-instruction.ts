import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { detachTracee, type Ending, pollChild, resumeTracee, seizeForExec } from '../../kernel/child.ts';
import { watchChildren } from '../../kernel/child-watch.ts';

/** What a traced start came to. */
export type Started = { kind: 'running' } | { kind: 'ended'; ending: Ending };

/**
 * Lets a created jail run up to the execve(2) of its service, and inspects it there: the new program is in place, with
 * the credentials and the seccomp filter it will run with, and has not executed one instruction. The runtime gives up
 * its rights only on the way there, so that an earlier inspection would see something else.
 *
 * @param pid the jail's first process, traced by traceUntilExec
 * @param starting the runtime's `start`, which lets it go on
 * @param inspect inspects it while it is stopped
 * @throws what `starting` and `inspect` throw; the process is killed when `inspect` does, and `starting` is over either way
 */
export async function startInspected(
  pid: number,
  starting: Promise<void>,
  inspect: () => Promise<void>,
): Promise<Started> {
  const watch = watchChildren();
  try {
    for (;;) {
      const news = pollChild(pid);
      if (news?.kind === 'exited' || news?.kind === 'killed') {
        await starting;
        return { kind: 'ended', ending: news };
      }
      if (news?.kind === 'exec') {
        await inspectStopped(pid, inspect, starting);
        await starting;
        return { kind: 'running' };
      }
      if (news !== undefined) resumeTracee(pid, news);
      else await Promise.race([watch.changed(), failed(starting)]);
    }
  } finally {
    watch.stop();
  }
}

/**
 * Traces the first process of a created jail, so that the kernel kills it when this process ends, even by SIGKILL, and
 * stops it at the execve(2) of its service.
 *
 * @throws ProdngError JAIL_REFUSED where it cannot be traced
 */
export function traceUntilExec(pid: number): void {
  try {
    seizeForExec(pid);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    throw new ProdngError(
      'JAIL_REFUSED',
      'the jail cannot be inspected before it runs: ptrace(2) is refused',
      {
        hint: 'it may be traced already, as by strace -f; sysctl kernel.yama.ptrace_scope must be below 3',
        cause: error,
      },
    );
  }
}

async function inspectStopped(
  pid: number,
  inspect: () => Promise<void>,
  starting: Promise<void>,
): Promise<void> {
  try {
    await inspect();
  } catch (error) {
    process.kill(pid, 'SIGKILL');
    // until it has seen the process end, the runtime works in the run's folder
    await Promise.allSettled([starting]);
    throw error;
  }
  detachTracee(pid);
}

/** Never ends unless `work` fails. */
function failed(work: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    work.catch(reject);
  });
}
