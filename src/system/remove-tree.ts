import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { plainEnvironment } from './process.ts';

const execute = promisify(execFile);

/** ms. A tree with millions of files takes minutes; what hangs for longer is left to the next attempt. */
const mostTime = 30 * 60_000;

/**
 * Removes a tree that others have filled, or a file; one that is missing is no error.
 *
 * It is done by rm(1), and not by Node's own rm: that builds whole paths, so that a tree deeper than PATH_MAX cannot be
 * removed, and it holds the event loop and hundreds of MB of memory for some 100,000 files. rm(1) works beneath directory
 * descriptors, follows no symbolic link, and does both in a process of its own. Other file systems that are mounted in the
 * tree are left alone and make it fail.
 *
 * @throws ProdngError IO with what rm says
 */
export async function removeTree(path: string): Promise<void> {
  const tree = resolve(path);
  try {
    await rm(tree);
  } catch (error) {
    // an ordinary user cannot empty a folder that has no write permission
    if (process.geteuid?.() === 0 || !(await openUp(tree))) throw notRemoved(tree, error);
    await rm(tree).catch((again: unknown) => {
      throw notRemoved(tree, again);
    });
  }
}

async function rm(tree: string): Promise<void> {
  await call('rm', '-rf', '--one-file-system', '--', tree);
}

async function openUp(tree: string): Promise<boolean> {
  try {
    await call('chmod', '-R', 'u+rwx', '--', tree);
    return true;
  } catch {
    return false;
  }
}

async function call(program: string, ...args: string[]): Promise<void> {
  await execute(program, args, {
    env: { ...plainEnvironment },
    cwd: '/',
    timeout: mostTime,
    maxBuffer: 2 ** 24,
  });
}

/** rm says a line for each entry that it leaves. */
function notRemoved(tree: string, cause: unknown): ProdngError {
  const said =
    typeof cause === 'object' && cause !== null && 'stderr' in cause ? String(cause.stderr).trim() : '';
  const [first = ''] = said.split('\n');
  return new ProdngError('IO', `${tree}: cannot be removed: ${first.slice(0, 300) || reasonOf(cause)}`, {
    cause,
  });
}
