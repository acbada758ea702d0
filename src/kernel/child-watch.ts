import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { type Ending, pollChild } from './child.ts';

/** SIGCHLD reports every child; signals may merge, so that slow polling backs it up. */
const backup = 250;

/** Who is to ask again. */
const watchers = new Set<() => void>();
let listens = false;

/** One listener for all, and for good: to take it away and put it back costs more than to start a program. */
function listen(): void {
  if (listens) return;
  listens = true;
  process.on('SIGCHLD', () => {
    for (const ask of watchers) ask();
  });
}

/**
 * Tells when it is time to ask again what became of a child.
 *
 * @param holds whether this process waits for it when there is nothing else to do
 */
export function watchChildren(holds = true): { changed(): Promise<void>; stop(): void } {
  let wake = () => {};
  let pending = false;
  const ask = () => {
    pending = true;
    wake();
  };
  listen();
  watchers.add(ask);
  const timer = setInterval(ask, backup);
  if (!holds) timer.unref();
  return {
    changed: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (pending) resolve();
        pending = false;
      }),
    stop() {
      watchers.delete(ask);
      clearInterval(timer);
    },
  };
}

/**
 * Waits for a child to end.
 *
 * @param holds as of watchChildren
 */
export async function endingOf(pid: number, { holds = true } = {}): Promise<Ending> {
  const watch = watchChildren(holds);
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
