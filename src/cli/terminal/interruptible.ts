import { ProdngError } from '../../error/prodng-error.ts';

/**
 * Runs work that Ctrl-C and SIGTERM end in good order: what was begun is undone before prodng ends.
 *
 * @throws ProdngError INTERRUPTED once the work has let go
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) throw new ProdngError('INTERRUPTED', 'interrupted', { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
