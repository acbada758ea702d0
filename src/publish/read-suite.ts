import { createHash } from 'node:crypto';
import type { PublicKey } from 'openpgp';
import { ProdngError } from '../error/prodng-error.ts';
import { unsignedText } from '../sign/clearsign.ts';
import { verifyEach } from '../sign/verify-signatures.ts';
import type { ArchiveFolder } from './archive-folder.ts';
import { entryKey, type IndexEntry, parseIndex } from './index-entry.ts';
import { type IndexDigest, parseRelease, type ReleaseFacts } from './release.ts';

/** A suite as it was published last. */
export interface Suite {
  facts: ReleaseFacts;
  entries: IndexEntry[];
  /** SHA-256 and size of each index, by its path in the suite's folder. */
  digests: Map<string, IndexDigest>;
}

/** The names of all suites, sorted. */
export async function suiteNames(folder: ArchiveFolder): Promise<string[]> {
  return (await folder.list('dists')).filter((name) => !name.startsWith('.'));
}

/**
 * Reads a suite and checks that it is as a publisher left it: signed by a key of `keyring`, however old, and each
 * Packages index of the size and SHA-256 that the signed Release file names.
 *
 * @returns undefined when there is no such suite
 * @throws ProdngError SIGNATURE, PUBLISH
 */
export async function readSuite(
  folder: ArchiveFolder,
  name: string,
  keyring: readonly PublicKey[],
): Promise<Suite | undefined> {
  const dist = `dists/${name}`;
  if (!(await suiteNames(folder)).includes(name)) return undefined;
  const release = await signedRelease(folder, dist, keyring);
  const { facts, digests } = parseRelease(release, `${folder.path}/${dist}/Release`);
  if (facts.suite !== name) throw edited(folder, `${dist}/Release`, `it is of the suite ${facts.suite}`);
  const entries = new Map<string, IndexEntry>();
  for (const [path, digest] of digests) {
    if (!/^main\/binary-[a-z0-9-]+\/Packages$/.test(path)) continue;
    const text = await checkedIndex(folder, `${dist}/${path}`, digest);
    for (const entry of parseIndex(text, `${folder.path}/${dist}/${path}`))
      entries.set(entryKey(entry), entry);
  }
  return { facts, digests, entries: [...entries.values()] };
}

async function signedRelease(
  folder: ArchiveFolder,
  dist: string,
  keyring: readonly PublicKey[],
): Promise<string> {
  const need = async (name: string): Promise<Buffer> => {
    const bytes = await folder.read(`${dist}/${name}`);
    if (bytes === undefined) throw edited(folder, `${dist}/${name}`, 'it is missing');
    return bytes;
  };
  const [release, signature, inRelease] = [
    await need('Release'),
    await need('Release.gpg'),
    await need('InRelease'),
  ];
  const once = async function* () {
    yield release;
  };
  // a key may have expired since: the signature still says that the file was not edited. A clock that is behind has
  // an error of its own
  const { facts } = parseRelease(release.toString(), `${folder.path}/${dist}/Release`);
  const now = new Date(Math.max(Date.now(), facts.date));
  const reports = await verifyEach(`${folder.path}/${dist}/Release.gpg`, signature, once, keyring, now);
  if (!reports.some(({ status }) => status === 'valid' || status === 'expired'))
    throw new ProdngError('SIGNATURE', `${reports.map(({ message }) => message).join('; ')}`, {
      hint:
        'the archive was edited, or another key signed it: to go on with a new key, give the old one by --keyring; ' +
        'nothing was changed',
    });
  if (unsignedText(inRelease.toString()) !== release.toString())
    throw edited(folder, `${dist}/InRelease`, 'it is not the text of Release');
  return release.toString();
}

async function checkedIndex(folder: ArchiveFolder, path: string, digest: IndexDigest): Promise<string> {
  const bytes = await folder.read(path);
  if (bytes === undefined) throw edited(folder, path, 'it is missing');
  if (createHash('sha256').update(bytes).digest('hex') !== digest.sha256)
    throw edited(folder, path, 'it has not the SHA-256 that Release names');
  return bytes.toString();
}

/** What somebody else changed in an archive. */
export function edited(folder: ArchiveFolder, path: string, why: string): ProdngError {
  return new ProdngError('PUBLISH', `${folder.path}/${path}: ${why}: the archive was edited by other means`, {
    hint: 'restore it from a copy; nothing was changed',
  });
}
