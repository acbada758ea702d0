import type { PublicKey } from 'openpgp';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { withFlock } from '../kernel/flock.ts';
import { parseKeys } from '../sign/keyring.ts';
import type { Signer } from '../sign/signer.ts';
import { ArchiveFolder } from './archive-folder.ts';
import { workFolder } from './stage.ts';

/** Who publishes, and under what conditions. */
export interface PublisherOptions {
  /** The archive's folder. */
  archive: string;
  signer: Signer;
  /** Keys that may have signed the archive so far, beside the signer's. */
  keyring?: readonly PublicKey[];
  /** ms to wait for another publisher (default: a minute). */
  wait?: number;
  now: Date;
  /** Called once when another publisher is at work. */
  onWait?: () => void;
  signal?: AbortSignal;
}

/** An archive that is locked: no other publisher writes to it meanwhile. */
export interface LockedArchive {
  folder: ArchiveFolder;
  /** Keys that its suites may be signed by. */
  keyring: readonly PublicKey[];
}

const keyringFile = 'archive-keyring.asc';

/**
 * Runs `work` while no other publisher is in the archive.
 *
 * @param make whether to make an archive that is not there
 * @throws ProdngError BUSY, IO when the folder cannot be written
 */
export async function withArchive<T>(
  options: PublisherOptions,
  make: boolean,
  work: (archive: LockedArchive) => Promise<T>,
): Promise<T> {
  const { archive, signer, wait = 60_000, onWait, signal } = options;
  const folder = await ArchiveFolder.open(archive, make);
  try {
    if (!make && (await folder.list('dists')).length === 0)
      throw new ProdngError('PUBLISH', `${archive}: holds no archive`, {
        hint: 'make one by publishing to it: prodng publish ARCHIVE FILE.deb',
      });
    const armoured = await signer.publicKey();
    const own = (await parseKeys(Buffer.from(armoured), signer.fingerprint)).map((key) => key.toPublic());
    const locking = {
      timeout: wait,
      ...(onWait === undefined ? {} : { onWait }),
      ...(signal === undefined ? {} : { signal }),
    };
    return await folder.within(workFolder, true, (place) =>
      withFlock(
        `${place}/lock`,
        async () => {
          const result = await work({ folder, keyring: [...own, ...(options.keyring ?? [])] });
          // what cannot be read, such as a link, is replaced
          const known = await folder.read(keyringFile).catch(() => undefined);
          if (known?.toString() !== armoured) await folder.write(keyringFile, armoured);
          return result;
        },
        locking,
      ),
    );
  } catch (error) {
    throw explained(error, archive);
  } finally {
    folder.close();
  }
}

function explained(error: unknown, archive: string): unknown {
  if (error instanceof ProdngError && error.code === 'BUSY')
    return new ProdngError('BUSY', `${archive}: another publisher is at work in it`, {
      hint: 'wait for it to end, or wait longer with --wait',
      cause: error,
    });
  const code = errnoOf(error);
  if (error instanceof ProdngError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const hint = code === 'ENOSPC' ? { hint: 'make room on that file system and try again' } : {};
  return new ProdngError(
    'IO',
    `${archive}: cannot be written: ${reasonOf(error)}; what was published stays`,
    {
      cause: error,
      ...hint,
    },
  );
}

/** @throws ProdngError PUBLISH when the clock is behind the suite's last publication */
export function assertClock(now: Date, date: number, suite: string): void {
  if (now.getTime() >= date) return;
  throw new ProdngError(
    'PUBLISH',
    `${suite}: was published at ${new Date(date).toISOString()}, and this clock says ${now.toISOString()}`,
    { hint: 'set the clock: clients refuse a Release file that is older than theirs' },
  );
}
