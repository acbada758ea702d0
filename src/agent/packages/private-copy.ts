import { constants } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE, O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants;

/** Bytes of a .deb: nobody may fill the disk with a sparse file. */
const most = 2 ** 33;

/**
 * Does work on a copy of a .deb that nobody else can reach. Who owns the file, or a folder on the way to it, could put
 * another one in its place between the check of its signature and the unpacking, or write to it through a mapping, which
 * no time stamp tells. Errors bear the name of the original.
 *
 * @param folder closed to everybody else, in one that is there; its content may be removed when nothing is being copied
 * @throws ProdngError IO when it is no regular file: nobody waits for a fifo
 */
export async function withPrivateCopy<T>(
  deb: string,
  folder: string,
  work: (copy: string) => Promise<T>,
): Promise<T> {
  // not with `recursive`: on a full disk Node then tells ENOENT
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  const copy = join(folder, 'package.deb');
  const file = await openRegular(deb);
  try {
    await rm(copy, { force: true });
    const flags = COPYFILE_EXCL | COPYFILE_FICLONE;
    await copyFile(`/proc/self/fd/${file.fd}`, copy, flags).catch((error: unknown) => {
      throw copyFailed(error, deb, folder);
    });
    return await work(copy);
  } catch (error) {
    throw error instanceof ProdngError ? renamed(error, copy, deb) : error;
  } finally {
    await file.close();
    await rm(copy, { force: true });
  }
}

async function openRegular(deb: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(deb, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  } catch (cause) {
    throw new ProdngError('IO', `${deb}: cannot be opened: ${reasonOf(cause)}`, { cause });
  }
  const stat = await file.stat();
  if (stat.isFile() && stat.size <= most) return file;
  await file.close();
  if (!stat.isFile()) throw new ProdngError('IO', `${deb}: not a regular file`);
  throw new ProdngError('ARCHIVE_TOO_LARGE', `${deb}: it has ${stat.size} bytes`);
}

function renamed(error: ProdngError, copy: string, deb: string): ProdngError {
  const { code, message, hint, diagnostics } = error;
  const named = (text: string) => text.replaceAll(copy, deb);
  return new ProdngError(code, named(message), {
    ...(hint === undefined ? {} : { hint: named(hint) }),
    diagnostics: diagnostics.map((one) => ({ ...one, file: named(one.file) })),
    cause: error,
  });
}

function copyFailed(error: unknown, deb: string, folder: string): ProdngError {
  return new ProdngError('IO', `${deb}: it cannot be copied to the agent's folder: ${reasonOf(error)}`, {
    ...(errnoOf(error) === 'ENOSPC' ? { hint: `make room on the disk of ${folder}` } : {}),
    cause: error,
  });
}
