import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { makeDownloader } from './download.ts';
import { withoutPassword } from './mirrors.ts';
import { cannotWrite } from './partial-file.ts';

const stallTimeout = 30_000;

/**
 * Fetches a file of unknown digest: the caller must verify its signature. No redirection is followed, as
 * nothing but the address says where it comes from.
 *
 * @param folder in which a folder is made for it, which the caller removes
 * @param most bytes
 * @throws ProdngError FETCH_FAILED, ARCHIVE_TOO_LARGE, IO; nothing is left then
 */
export async function fetchUnpinned(
  uri: string,
  folder: string,
  most: number,
): Promise<{ path: string; folder: string; sha256: string }> {
  const own = await mkdtemp(join(folder, 'unpinned-'));
  const path = join(own, 'file');
  const downloader = await makeDownloader(stallTimeout, 1, 0);
  try {
    const answer = await downloader.start({ uri, offset: 0 });
    if (answer.kind !== 'bytes') throw failed(uri, answer.kind === 'refused' ? answer.why : 'not found');
    return { path, folder: own, sha256: await write(answer.content, path, uri, most) };
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (error instanceof ProdngError) throw error;
    throw failed(uri, reasonOf(error));
  } finally {
    await downloader.close();
  }
}

async function write(
  content: AsyncIterable<Uint8Array>,
  path: string,
  uri: string,
  most: number,
): Promise<string> {
  const output = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of content) {
      size += chunk.length;
      if (size > most)
        throw new ProdngError('ARCHIVE_TOO_LARGE', `${withoutPassword(uri)}: longer than ${most} bytes`);
      hash.update(chunk);
      await output.writeFile(chunk).catch((error: unknown) => {
        throw cannotWrite(path, error);
      });
    }
  } finally {
    await output.close();
  }
  return hash.digest('hex');
}

function failed(uri: string, why: string): ProdngError {
  return new ProdngError('FETCH_FAILED', `${withoutPassword(uri)}: cannot be fetched: ${why}`, {
    hint: 'check the address and the network; a redirection is followed only with --sha256',
  });
}
