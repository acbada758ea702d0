import { type FSWatcher, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { isRunning, type RunFile } from '../state/run-file.ts';

/** How a run ended: the exit status as conmon wrote it; undefined when conmon was killed before it could. */
export interface RunEnd {
  status: number | undefined;
}

/** How often the processes are looked at, in ms: what inotify does not tell is a conmon that was killed. */
const backup = 1000;
/** How long, in ms, conmon may take to write a status after the process has ended. */
const grace = 3000;

interface Waiting {
  run: RunFile;
  goneSince?: number;
  resolve(end: RunEnd): void;
}

/** Tells when runs end, those of an earlier agent too: by the files that conmon writes. */
export class Exits {
  readonly #folder: string;
  readonly #waiting = new Map<string, Waiting>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The folder must be there. */
  open(): void {
    this.#watcher = watch(this.#folder, () => this.#look());
    this.#timer = setInterval(() => this.#look(), backup);
  }

  /** Waits for the end of a run. */
  endOf(run: RunFile): Promise<RunEnd> {
    return new Promise((resolve) => {
      this.#waiting.set(run.record.id, { run, resolve });
      this.#look();
    });
  }

  /** Forgets what is known of a run, once it has been cleared away. */
  forget(id: string): void {
    this.#waiting.delete(id);
    rmSync(join(this.#folder, id), { force: true });
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#waiting.size === 0) return;
    const written = this.#written();
    if (written === undefined) return;
    for (const [id, waiting] of this.#waiting) {
      const end = this.#endOf(id, waiting, written.has(id));
      if (end === undefined) continue;
      this.#waiting.delete(id);
      waiting.resolve(end);
    }
  }

  /** One look at the folder: a hundred jails have no file yet, and to ask for each is dear. */
  #written(): ReadonlySet<string> | undefined {
    try {
      return new Set(readdirSync(this.#folder));
    } catch {
      // as when the agent has no descriptor left: the next look comes soon
      return undefined;
    }
  }

  #endOf(id: string, waiting: Waiting, isWritten: boolean): RunEnd | undefined {
    const status = isWritten ? readStatus(join(this.#folder, id)) : undefined;
    if (status !== undefined) return { status };
    if (isRunning(waiting.run)) return undefined;
    waiting.goneSince ??= performance.now();
    return performance.now() - waiting.goneSince > grace ? { status: undefined } : undefined;
  }
}

function readStatus(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
