import { closeSync, copyFileSync, openSync, writeSync } from 'node:fs';
import { run } from '../../src/system/process.ts';
import type { PowerLoss } from './power-losses.ts';
import type { LogEntry } from './write-log.ts';

/** A disk that is built up along its log; moments are asked for in the order of what is settled. */
export class RebuiltDisk {
  readonly #entries: readonly LogEntry[];
  readonly #file: string;
  #settled = 0;

  /** @param image the disk as it was before the first entry */
  constructor(image: string, file: string, entries: readonly LogEntry[]) {
    copyFileSync(image, file);
    this.#file = file;
    this.#entries = entries;
  }

  /** Makes `copy` the disk as that loss of power leaves it. */
  async at({ settled, alsoWritten }: PowerLoss, copy: string): Promise<void> {
    write(this.#file, this.#entries.slice(this.#settled, settled));
    this.#settled = settled;
    await run(['cp', '--sparse=always', this.#file, copy]);
    write(
      copy,
      alsoWritten.flatMap((index) => this.#entries[index] ?? []),
    );
  }
}

function write(file: string, entries: readonly LogEntry[]): void {
  const fd = openSync(file, 'r+');
  for (const { data, offset } of entries) if (data.length > 0) writeSync(fd, data, 0, data.length, offset);
  closeSync(fd);
}
