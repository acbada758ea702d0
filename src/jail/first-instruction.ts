import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { detachTracee, type Ending, pollChild, resumeTracee, seizeForExec } from '../kernel/child.ts';

/** What a traced start came to. */
export type Started = { kind: 'running' } | { kind: 'ended'; ending: Ending };

/**
 * Lets a created jail run up to the execve(2) of its service, and looks at it there: the new program is in place, with
 * the credentials and the seccomp filter it will run with, and has not executed one instruction. The runtime gives up
 * its rights only on the way there, so that any earlier look would see something else.
 *
 * @param pid the jail's first process, our child (we are its subreaper), waiting for the runtime's `start`
 * @param start lets it go on
 * @param inspect looks at it while it stands still; when it throws, the process is killed
 */
export async function startInspected(
  pid: number,
  start: () => Promise<void>,
  inspect: () => void,
): Promise<Started> {
  const watch = watchChildren();
  try {
    seize(pid);
    const starting = start();
    starting.catch(() => {});
    for (;;) {
      const news = pollChild(pid);
      if (news?.kind === 'exited' || news?.kind === 'killed') {
        await starting;
        return { kind: 'ended', ending: news };
      }
      if (news?.kind === 'exec') {
        inspectStopped(pid, inspect);
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

function seize(pid: number): void {
  try {
    seizeForExec(pid);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    throw new ProdngError(
      'JAIL_REFUSED',
      'the jail cannot be looked at before it runs: ptrace(2) is refused',
      {
        hint: 'it may be traced already, as by strace -f; sysctl kernel.yama.ptrace_scope must be below 3',
        cause: error,
      },
    );
  }
}

function inspectStopped(pid: number, inspect: () => void): void {
  try {
    inspect();
  } catch (error) {
    process.kill(pid, 'SIGKILL');
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

/** Waits for a child to end. */
export async function endingOf(pid: number): Promise<Ending> {
  const watch = watchChildren();
  try {
    for (;;) {
      const news = pollChild(pid);
      if (news?.kind === 'exited' || news?.kind === 'killed') return news;
      if (news !== undefined)
        throw new ProdngError('INTERNAL', `process ${pid} is still traced: ${news.kind}`);
      await watch.changed();
    }
  } finally {
    watch.stop();
  }
}

/** Makes sure that a child is gone for good, whatever state it is in. Does nothing when it has been waited for. */
export async function killAndReap(pid: number): Promise<void> {
  const watch = watchChildren();
  try {
    for (;;) {
      const news = pollChild(pid);
      if (news?.kind === 'exited' || news?.kind === 'killed') return;
      process.kill(pid, 'SIGKILL');
      if (news === undefined) await watch.changed();
    }
  } catch (error) {
    if (!['ECHILD', 'ESRCH'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    watch.stop();
  }
}

/** SIGCHLD tells of every child; signals may merge, so that a slow look around backs it up. */
const backup = 250;

function watchChildren(): { changed(): Promise<void>; stop(): void } {
  let wake = () => {};
  let pending = false;
  const onSignal = () => {
    pending = true;
    wake();
  };
  process.on('SIGCHLD', onSignal);
  const timer = setInterval(onSignal, backup);
  return {
    changed: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (pending) resolve();
        pending = false;
      }),
    stop() {
      process.off('SIGCHLD', onSignal);
      clearInterval(timer);
    },
  };
}
