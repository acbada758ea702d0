import { createHash, randomBytes } from 'node:crypto';
import { closeSync, createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { compressXz } from '../archive/xz-stream.ts';
import { errnoOf } from '../error/prodng-error.ts';
import { armored } from '../sign/detached.ts';
import type { Signer } from '../sign/signer.ts';
import { run } from '../system/process.ts';
import type { ArchiveFolder } from './archive-folder.ts';
import { mergeContents } from './contents.ts';
import { linesOf, releaseDigests } from './ftparchive.ts';
import { indexBlocks } from './index-blocks.ts';
import { compareEntries, type IndexEntry } from './index-entry.ts';
import { edited } from './read-suite.ts';
import { formatRelease, type IndexDigest, parseDigests, type ReleaseFacts } from './release.ts';

/** What a Contents index gains and loses. */
export interface ContentsChange {
  /** The new lines of an architecture, ascending. */
  added: (architecture: string) => AsyncIterable<string>;
  /** Packages whose old lines go. */
  dropped: ReadonlySet<string>;
}

export interface SuiteChange {
  facts: ReleaseFacts;
  entries: readonly IndexEntry[];
  /** Undefined when no package came or went. */
  contents?: ContentsChange;
  /** The suite whose Contents is the start (default: the suite itself). */
  contentsOf?: string;
  /** What its Release file says of that Contents. */
  digests: ReadonlyMap<string, IndexDigest>;
}

/** Old indices under by-hash that are kept, of each folder: clients that have an older InRelease still find them. */
const keptByHash = 12;

/**
 * Publishes a suite again: writes its whole folder under another name, signs it, and swaps the two folders in one
 * step. A reader, and a machine that loses power, has the old suite or the new one.
 *
 * @param blockCache folder of compressed blocks
 * @throws ProdngError HOST_LACKS, COMMAND_FAILED, KEY; system errors
 */
export async function writeSuite(
  folder: ArchiveFolder,
  change: SuiteChange,
  signer: Signer,
  blockCache: string,
): Promise<void> {
  const { facts } = change;
  const dist = `dists/${facts.suite}`;
  const fresh = `dists/.${facts.suite}.${randomBytes(6).toString('hex')}`;
  try {
    for (const architecture of facts.architectures) {
      await writePackages(folder, `${fresh}/main/binary-${architecture}`, architecture, change, blockCache);
      await writeContents(
        folder,
        { from: `dists/${change.contentsOf ?? facts.suite}`, to: fresh },
        architecture,
        change,
      );
    }
    const digests = await folder.within(fresh, false, releaseDigests);
    await linkByHash(folder, dist, fresh, parseDigests(digests));
    const release = formatRelease(facts, digests);
    const bytes = async function* () {
      yield Buffer.from(release);
    };
    await folder.fill(`${fresh}/Release`, release);
    await folder.fill(`${fresh}/Release.gpg`, await armored(await signer.detached(bytes())));
    await folder.fill(`${fresh}/InRelease`, await signer.clearsigned(release));
    await folder.within(fresh, false, (place) => run(['sync', '-f', place]));
    await replace(folder, fresh, dist);
  } catch (error) {
    await folder.remove(fresh);
    throw error;
  }
  await folder.remove(fresh);
}

/** After a swap the old suite has the fresh one's name. */
async function replace(folder: ArchiveFolder, fresh: string, dist: string): Promise<void> {
  try {
    await folder.move(fresh, dist);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    await folder.swap(fresh, dist);
  }
}

async function writePackages(
  folder: ArchiveFolder,
  place: string,
  architecture: string,
  { entries }: SuiteChange,
  blockCache: string,
): Promise<void> {
  const own = entries.filter((entry) => entry.architecture === architecture || entry.architecture === 'all');
  const blocks = indexBlocks(own.toSorted(compareEntries));
  await folder.fill(`${place}/Packages`, Buffer.concat(blocks));
  const xz = await compressXz(blocks, { blockCache });
  try {
    await folder.fill(`${place}/Packages.xz`, xz.chunks());
  } finally {
    await xz.close();
  }
}

async function writeContents(
  folder: ArchiveFolder,
  { from, to }: { from: string; to: string },
  architecture: string,
  { contents, digests }: SuiteChange,
): Promise<void> {
  const name = `main/Contents-${architecture}.gz`;
  const old = folder.open(`${from}/${name}`);
  try {
    if (old !== undefined && (await fileDigest(old)) !== digests.get(name)?.sha256)
      throw edited(folder, `${from}/${name}`, 'it has not the SHA-256 that Release names');
    const target = `${to}/${name}`;
    const before = old === undefined ? undefined : `/proc/self/fd/${old}`;
    if (contents === undefined && before !== undefined)
      return await folder.fill(target, createReadStream(before));
    const { added, dropped } = contents ?? { added: nothing, dropped: new Set<string>() };
    const lines = mergeContents(
      before === undefined ? nothing() : gunzipped(before),
      added(architecture),
      dropped,
    );
    // the header of gzip has a time, which zlib leaves 0
    const gzip = createGzip({ level: 6 });
    const compressing = pipeline(Readable.from(joined(lines), { objectMode: false }), gzip);
    // where writing fails, compressing does as well, and says less
    compressing.catch(() => {});
    await folder.fill(target, gzip);
    await compressing;
  } finally {
    if (old !== undefined) closeSync(old);
  }
}

async function fileDigest(fd: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(`/proc/self/fd/${fd}`)) hash.update(chunk);
  return hash.digest('hex');
}

async function* nothing(): AsyncGenerator<string> {}

function gunzipped(path: string): AsyncIterable<string> {
  return linesOf(createReadStream(path).pipe(createGunzip()));
}

async function* joined(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let text = '';
  for await (const line of lines) {
    text += line;
    if (text.length < 65_536) continue;
    yield Buffer.from(text, 'latin1');
    text = '';
  }
  yield Buffer.from(text, 'latin1');
}

/** Every compressed index also under by-hash/SHA256, beside those of the generations before. */
async function linkByHash(
  folder: ArchiveFolder,
  dist: string,
  fresh: string,
  digests: ReadonlyMap<string, IndexDigest>,
): Promise<void> {
  const places = new Set<string>();
  for (const [path, { sha256 }] of digests) {
    if (!/\.(?:gz|xz)$/.test(path)) continue;
    const place = path.slice(0, path.lastIndexOf('/'));
    places.add(place);
    await folder.link(`${fresh}/${path}`, `${fresh}/${place}/by-hash/SHA256/${sha256}`);
  }
  for (const place of places)
    await keepOld(folder, `${dist}/${place}/by-hash/SHA256`, `${fresh}/${place}/by-hash/SHA256`);
}

async function keepOld(folder: ArchiveFolder, from: string, to: string): Promise<void> {
  const files = await Promise.all(
    (await folder.list(from)).map(async (name) => ({
      name,
      time: await folder.within(from, false, async (place) => (await lstat(`${place}/${name}`)).mtimeMs),
    })),
  );
  for (const { name } of files.sort((a, b) => b.time - a.time).slice(0, keptByHash)) {
    await folder.link(`${from}/${name}`, `${to}/${name}`).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
  }
}
