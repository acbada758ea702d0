import { prodngPaths } from '../system/paths.ts';
import { runJail } from './lifecycle/run-jail.ts';
import type { RunJailOptions, RunReport } from './lifecycle/run-options.ts';

export { errorCodes } from '../error/codes.ts';
export { ProdngError } from '../error/prodng-error.ts';
export type { PublishRequest, RunReport } from './lifecycle/run-options.ts';
export type { Uplink } from './network/network.ts';

/** Options of `prodng run`, without its signals. */
export type JailOptions = Omit<RunJailOptions, 'deb' | 'paths' | 'onReady' | 'stop' | 'kill'> &
  Partial<Pick<RunJailOptions, 'paths'>>;

/**
 * A jail of one's own program: what `prodng run` does, as an object. It dies with this process; what it
 * prints comes to our standard output and error, and it reads nothing unless there is an `input`. It runs once.
 *
 * @example
 * const jail = new Jail('hello_1.0-1_amd64.deb', { publish: [{ hostPort: 8080, jailPort: 8080 }] });
 * const { pid } = await jail.start();
 * await jail.stop();
 */
export class Jail {
  readonly #deb: string;
  readonly #options: JailOptions;
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  #running: { ready: Promise<RunReport>; exit: Promise<number> } | undefined;

  /** @param deb the path of the jail's package */
  constructor(deb: string, options: JailOptions = {}) {
    this.#deb = deb;
    this.#options = options;
  }

  /**
   * Starts its service, once.
   *
   * @returns what the kernel put in force for it, as soon as that has been compared with what is declared
   * @throws ProdngError as `prodng run` reports it, with its stable `code`
   */
  start(): Promise<RunReport> {
    this.#running ??= this.#run();
    return this.#running.ready;
  }

  /** The service's exit status, or 128 and the number of the signal that ended it. Starts it if need be. */
  wait(): Promise<number> {
    this.#running ??= this.#run();
    return this.#running.exit;
  }

  /** Stops it as its package declares, and waits for its end. */
  stop(): Promise<number> {
    this.#stop.abort();
    return this.wait();
  }

  /** Ends all its processes at once. */
  kill(): Promise<number> {
    this.#kill.abort();
    return this.wait();
  }

  #run(): { ready: Promise<RunReport>; exit: Promise<number> } {
    let onReady: (report: RunReport) => void = () => {};
    const reported = new Promise<RunReport>((resolve) => {
      onReady = resolve;
    });
    const exit = runJail({
      paths: prodngPaths(),
      ...this.#options,
      deb: this.#deb,
      onReady,
      stop: this.#stop.signal,
      kill: this.#kill.signal,
    });
    // it ends before it is ready only by an error
    const ready = Promise.race([reported, exit.then(() => reported)]);
    // a caller that awaits neither sees the error by neither
    ready.catch(() => {});
    exit.catch(() => {});
    return { ready, exit };
  }
}
