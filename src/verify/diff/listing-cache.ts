import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../../error/prodng-error.ts';
import type { ContentEntry } from './file-list.ts';

/** What blocks hold that begin and end between two entries of the archive. */
export interface BlockRun {
  /** See blockDigests. */
  blocks: readonly string[];
  /** Their offsets count from where the first block begins. */
  entries: readonly ContentEntry[];
}

/** Changes with the format of the files, and with what the reader of archives refuses. */
const format = '1';

const runSchema = z.object({
  blocks: z.array(z.string()).min(1),
  entries: z.array(
    z.object({
      path: z.string(),
      type: z.enum(['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo']),
      mode: z.number(),
      uid: z.number(),
      gid: z.number(),
      uname: z.string(),
      gname: z.string(),
      size: z.number(),
      linkPath: z.string(),
      content: z.string(),
      offset: z.number(),
    }),
  ),
});

/**
 * Remembers what blocks hold, by their digests: in memory, and in a folder when there is one. A file of it is a digest
 * and what that is of; one that does not agree with its digest counts as absent.
 */
export class ListingCache {
  readonly #folder: string | undefined;
  readonly #runs = new Map<string, BlockRun>();

  constructor(folder?: string) {
    this.#folder = folder;
  }

  /** The run that some blocks begin with; undefined when it is not known. */
  async find(blocks: readonly string[], start: number): Promise<BlockRun | undefined> {
    const first = blocks[start];
    if (first === undefined) return undefined;
    const run = this.#runs.get(first) ?? (await this.#read(first));
    if (run === undefined) return undefined;
    this.#runs.set(first, run);
    return run.blocks.every((digest, index) => digest === blocks[start + index]) ? run : undefined;
  }

  /** What is in memory. */
  runs(): BlockRun[] {
    return [...this.#runs.values()];
  }

  async add(run: BlockRun): Promise<void> {
    const [first] = run.blocks;
    if (first === undefined) return;
    this.#runs.set(first, run);
    if (this.#folder === undefined) return;
    const path = this.#pathOf(first);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const text = JSON.stringify(run);
    // no fsync: the digest tells a file that lost its end
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, `${digestOf(text)}\n${text}`, { flag: 'wx' });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      // who may not write there, or has no room, compares as well, only slower
      if (errnoOf(error) === undefined) throw error;
    }
  }

  async #read(first: string): Promise<BlockRun | undefined> {
    if (this.#folder === undefined) return undefined;
    const whole = await readFile(this.#pathOf(first), 'utf8').catch(() => '');
    const end = whole.indexOf('\n');
    const text = whole.slice(end + 1);
    if (end === -1 || digestOf(text) !== whole.slice(0, end)) return undefined;
    return runSchema.safeParse(JSON.parse(text)).data;
  }

  #pathOf(first: string): string {
    return join(this.#folder ?? '', first.slice(0, 2), `${first}.json`);
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(`${format}\0`).update(text).digest('hex');
}
