import { fchmodSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { FreshFolder } from '../output/fresh-folder.ts';
import { OutputFolder } from '../output/output-folder.ts';
import type { RenderedFile } from './rendered-files.ts';

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
  const fresh = await FreshFolder.make(target, { ontoEmpty: true });
  const output = OutputFolder.of(fresh.fd, target);
  try {
    for (const file of files) await writeRendered(output, file);
    fchmodSync(fresh.fd, await modeOf(target));
    await fresh.publish('synced');
  } catch (error) {
    await fresh.discard();
    throw error instanceof ProdngError && error.code === 'TARGET_EXISTS'
      ? targetExists(target, 'it was made by somebody else just now')
      : ioFault(target, error);
  } finally {
    output.close();
  }
}

/** Of the empty folder that is replaced, or of a new one. */
async function modeOf(target: string): Promise<number> {
  try {
    return (await stat(target)).mode & 0o7777;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return 0o777 & ~process.umask();
  }
}

async function writeRendered(
  output: OutputFolder,
  { path, content, executable }: RenderedFile,
): Promise<void> {
  const folder = output.folders(dirname(path));
  try {
    await folder.write(basename(path), content, (executable ? 0o777 : 0o666) & ~process.umask());
  } finally {
    folder.close();
  }
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
