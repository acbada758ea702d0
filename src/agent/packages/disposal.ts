import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { folderNames } from '../../system/folder-names.ts';
import { removeTree } from '../../system/remove-tree.ts';
import type { EventLog } from '../events/event-log.ts';
import { WorkQueue } from '../supervision/work-queue.ts';

/** ms that a request waits for the removal of what it has set aside. */
const patience = 5000;

/** Whether a name is one that `setAside` gives: neither a jail's name nor a digest begins with a dot. */
export function isAside(name: string): boolean {
  return /^\..+\.gone-[0-9a-f]{12}$/.test(name);
}

/**
 * Renames a tree so that nothing finds it under its name, whatever becomes of its removal.
 *
 * @returns its new path, in the same folder
 * @throws SystemError
 */
export async function setAside(path: string): Promise<string> {
  const folder = dirname(path);
  const aside = join(folder, `.${path.slice(folder.length + 1)}.gone-${randomBytes(6).toString('hex')}`);
  await rename(path, aside);
  return aside;
}

/** What was set aside in a folder and not removed, such as by an agent that was killed. */
export async function leftAside(folder: string): Promise<string[]> {
  return (await folderNames(folder)).filter(isAside).map((name) => join(folder, name));
}

/**
 * Removes trees that jails and packages have filled, one at a time and outside of this process. A tree that cannot be
 * removed is reported in the events and keeps nothing else from being done; the next collection tries it again.
 */
export class Disposal {
  readonly #queue = new WorkQueue();
  readonly #events: EventLog;

  constructor(events: EventLog) {
    this.#events = events;
  }

  /** @returns settles when they are gone or cannot be removed, but never later than after some seconds */
  async remove(paths: readonly string[]): Promise<void> {
    const removing = this.#queue.run(async () => {
      for (const path of paths) await this.#remove(path);
    });
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    await Promise.race([removing, waited]);
    clearTimeout(timer);
  }

  async #remove(path: string): Promise<void> {
    try {
      await removeTree(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await this.#events.append('remove-failed', undefined, { path, reason: reason.slice(0, 500) });
    }
  }
}
