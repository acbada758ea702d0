import { createHash } from 'node:crypto';
import { chmod, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import { folderNames } from '../../system/folder-names.ts';
import type { JailState } from '../state/state-schema.ts';

/**
 * Files that replace configuration of jails: a folder for each jail, each file by the SHA-256 of its content. Which
 * version of the jail has which of them is in the jail's state, so that a rollback brings back what the version had.
 */
export class ConfigurationStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns the SHA-256, by which the state names it */
  async add(jail: string, bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await mkdir(join(this.#folder, jail), { recursive: true, mode: 0o700 });
    // the service's user reads it; nothing writes to it
    await chmod(this.#folder, 0o700);
    await writeFileAtomic(this.path(jail, sha256), bytes, 0o444);
    return sha256;
  }

  path(jail: string, sha256: string): string {
    return join(this.#folder, jail, sha256);
  }

  /** Bytes of a file; undefined when it is gone. */
  async size(jail: string, sha256: string): Promise<number | undefined> {
    return (await stat(this.path(jail, sha256)).catch(() => undefined))?.size;
  }

  /** Removes the files that no version of the jail has; the caller holds the jail. */
  async collect({ name, versions }: Readonly<JailState>): Promise<void> {
    const kept = new Set(versions.flatMap(({ configuration = {} }) => Object.values(configuration)));
    for (const file of await folderNames(join(this.#folder, name)))
      if (!kept.has(file)) await rm(join(this.#folder, name, file), { force: true });
  }

  async removeAll(jail: string): Promise<void> {
    await rm(join(this.#folder, jail), { recursive: true, force: true });
  }
}
