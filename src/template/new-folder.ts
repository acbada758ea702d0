import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { syncFolder } from '../system/atomic-file.ts';
import type { RenderedFile } from './rendered-files.ts';

/** Writing takes milliseconds: a temporary folder older than this (ms) belongs to a run that was killed. */
const staleAfter = 10 * 60 * 1000;

/**
 * The folder that `writeNewFolder` would make: the real one behind a link, which rename(2) could not replace.
 *
 * @throws ProdngError TARGET_EXISTS when something other than an empty folder is there, IO when its parent is missing
 */
export async function checkTarget(target: string): Promise<string> {
  const path = resolve(target);
  try {
    const real = await realpath(path);
    if ((await readdir(real)).length > 0) throw targetExists(target, 'the folder is not empty');
    return real;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOTDIR') throw targetExists(target, 'it is no folder');
    if (code !== 'ENOENT') throw ioFault(target, error);
  }
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    throw ioFault(dirname(target), error);
  }
}

/**
 * Makes a folder with files so that it is there whole or not at all: written beside the target, then renamed onto it,
 * which rename(2) refuses when the target is not empty. What a killed run left is removed by the next for the target.
 *
 * @param target as `checkTarget` returned it
 * @throws ProdngError TARGET_EXISTS when the target came to be in the meantime, IO when it cannot be written
 */
export async function writeNewFolder(target: string, files: readonly RenderedFile[]): Promise<void> {
  const prefix = `.${basename(target)}.prodng-new-`;
  const temporary = join(dirname(target), `${prefix}${randomBytes(6).toString('hex')}`);
  try {
    await removeStale(dirname(target), prefix);
    await mkdir(temporary);
    await keepMode(target, temporary);
    for (const file of files) await writeRendered(temporary, file);
    await renameOnto(target, temporary);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw ioFault(target, error);
  }
}

async function renameOnto(target: string, temporary: string): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    const taken = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error) ?? '');
    throw taken ? targetExists(target, 'it was made by somebody else just now') : error;
  }
}

async function removeStale(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{12}$/.test(name.slice(prefix.length))) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > staleAfter) await rm(path, { recursive: true, force: true });
  }
}

async function keepMode(target: string, temporary: string): Promise<void> {
  try {
    await chmod(temporary, (await stat(target)).mode & 0o7777);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

async function writeRendered(folder: string, { path, content, executable }: RenderedFile): Promise<void> {
  const place = join(folder, path);
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, content, { flag: 'wx', mode: executable ? 0o777 : 0o666, flush: true });
}

function targetExists(target: string, what: string): ProdngError {
  return new ProdngError('TARGET_EXISTS', `${target}: ${what}; nothing was written`, {
    hint: 'name a folder that does not exist yet, or an empty one',
  });
}

function ioFault(place: string, error: unknown): unknown {
  if (error instanceof ProdngError) return error;
  return errnoOf(error) === undefined
    ? error
    : new ProdngError('IO', `${place}: ${reasonOf(error)}`, { cause: error });
}
