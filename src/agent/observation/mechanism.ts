import { messageOf, ProdngError } from '../../error/prodng-error.ts';
import { Counters } from '../../observe/counters.ts';
import { attachPinnedCalls, loadPinned, openPinned } from '../../observe/pinned.ts';
import type { Paths } from '../../system/paths.ts';
import { pinsFolder, preparePins, removePins } from './bpffs.ts';

/** ms after which a host that could not is tried again. */
const again = 60_000;
/** ms that a start waits for the programs at most: the kernel takes some 250. */
const patience = 30_000;

/** The counters in the kernel: loaded when the first jail needs them, and kept for the next agent. */
export class Mechanism {
  readonly #paths: Paths;
  #counters: Counters | undefined;
  #loading: Promise<Counters> | undefined;
  #failed: { at: number; error: unknown } | undefined;

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  /** Those that are loaded. */
  get loaded(): Counters | undefined {
    return this.#counters;
  }

  /** Takes over what an earlier agent has pinned, if there is something. */
  adopt(): void {
    const programs = openPinned(pinsFolder(this.#paths));
    if (programs !== undefined) this.#counters = new Counters(programs);
  }

  /**
   * Loads the programs unless they are.
   *
   * @throws ProdngError HOST_LACKS where the host cannot
   */
  async counters(): Promise<Counters> {
    if (this.#counters !== undefined) return this.#counters;
    if (this.#failed !== undefined && performance.now() - this.#failed.at < again) throw this.#failed.error;
    this.#loading ??= this.#load();
    return withPatience(this.#loading);
  }

  async canCount(): Promise<boolean> {
    try {
      await this.counters();
      return true;
    } catch {
      return false;
    }
  }

  /** As counters, and the programs of system calls are attached. */
  async recording(): Promise<Counters> {
    const counters = await this.counters();
    await attachPinnedCalls(pinsFolder(this.#paths));
    return counters;
  }

  /** Lets go of the counters, which go on. */
  release(): void {
    this.#counters?.close();
    this.#counters = undefined;
  }

  /** Ends the counters. */
  remove(): void {
    this.release();
    removePins(this.#paths);
  }

  async #load(): Promise<Counters> {
    try {
      const counters = new Counters(await loadPinned(preparePins(this.#paths)));
      this.#counters = counters;
      this.#failed = undefined;
      return counters;
    } catch (error) {
      this.#failed = { at: performance.now(), error };
      throw error;
    } finally {
      this.#loading = undefined;
    }
  }
}

async function withPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new ProdngError('HOST_LACKS', `the kernel takes more than ${patience} ms to load BPF programs`),
        ),
      patience,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why something is not observed, in one line. */
export function reasonOfFailure(error: unknown): string {
  return messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 300);
}
