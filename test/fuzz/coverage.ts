import { type Profiler, Session } from 'node:inspector';

/**
 * V8's own block coverage, by inspector. (jazzer.js core 4 was tried: its native module needs glibc 2.38, and Debian 12
 * has 2.36.)
 */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Blocks of our code that were executed since the last call and never before. */
  fresh(): number {
    let fresh = 0;
    this.#session.post('Profiler.takePreciseCoverage', (_error, taken) => {
      for (const script of ours(taken?.result ?? [])) {
        for (const { ranges } of script.functions)
          for (const { startOffset, endOffset, count } of ranges) {
            const key = `${script.scriptId} ${startOffset}-${endOffset}`;
            if (count === 0 || this.#seen.has(key)) continue;
            this.#seen.add(key);
            fresh++;
          }
      }
    });
    return fresh;
  }

  get blocks(): number {
    return this.#seen.size;
  }

  close(): void {
    this.#session.disconnect();
  }
}

/** Without Node's own and our dependencies: their names for our files differ between a bundle and vitest. */
function ours(scripts: Profiler.ScriptCoverage[]): Profiler.ScriptCoverage[] {
  const isOurs = (url: string) => !/^$|^node:|\/node_modules\/(?!\.cache\/)/.test(url);
  return scripts.filter(({ url }) => isOurs(url));
}
