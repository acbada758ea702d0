import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { readFileBeneath } from '../kernel/beneath-file.ts';
import type { PackageFacts } from './admit.ts';
import type { ArchiveFolder } from './archive-folder.ts';
import { fileStem, poolFolder } from './index-entry.ts';

/** Where publishers work; nothing in it is published. */
export const workFolder = '.prodng';
const prefix = `${workFolder}/stage-`;
/** Copies in a stage before their names in the pool are known. */
const incomingFolder = 'incoming';

/** A .deb as it will be in the pool, copied to where no client sees it yet. */
export interface Staged {
  /** `pool/main/w/web`. */
  pool: string;
  /** `web_1.4-1_amd64.deb`. */
  file: string;
  /** The evidence beside it. */
  evidence: Evidence[];
}

/** A file that says where a package comes from. */
export interface Evidence {
  kind: 'sbom' | 'provenance' | 'attestation' | 'buildinfo';
  file: string;
  size: number;
  sha256: string;
}

const mostEvidence = 64 * 2 ** 20;

/** A new folder for one run. What killed runs left is removed; the caller holds the archive's lock. */
export async function makeStage(folder: ArchiveFolder): Promise<string> {
  for (const name of await folder.list(workFolder))
    if (name.startsWith('stage-')) await folder.remove(`${workFolder}/${name}`);
  for (const name of await folder.list('dists'))
    if (name.startsWith('.')) await folder.remove(`dists/${name}`);
  const stage = `${prefix}${randomBytes(6).toString('hex')}`;
  for (const place of [incomingFolder, 'pool'])
    await folder.within(`${stage}/${place}`, true, () => Promise.resolve());
  return stage;
}

/**
 * Copies a .deb into a stage. What is checked and published is the copy: the file itself may change meanwhile.
 *
 * @returns its path in the archive, and its SHA-256
 * @throws ProdngError IO
 */
export async function copyDeb(
  folder: ArchiveFolder,
  stage: string,
  source: string,
): Promise<{ copy: string; sha256: string }> {
  const copy = `${stage}/${incomingFolder}/${randomBytes(9).toString('hex')}.deb`;
  const hash = createHash('sha256');
  const hashed = async function* () {
    for await (const bytes of bytesOf(source)) {
      hash.update(bytes);
      yield bytes;
    }
  };
  await folder.fill(copy, hashed());
  return { copy, sha256: hash.digest('hex') };
}

/**
 * Gives a copied .deb its name in the pool of the stage, and copies the evidence beside its source there.
 *
 * @throws ProdngError IO, USAGE when another file of the run is the same package
 */
export async function stageDeb(
  folder: ArchiveFolder,
  stage: string,
  { source, copy }: { source: string; copy: string },
  facts: PackageFacts,
): Promise<Staged> {
  const pool = poolFolder(facts.name);
  const file = `${fileStem(facts)}.deb`;
  const place = `${stage}/${pool}`;
  await folder.within(place, true, () => Promise.resolve());
  try {
    await folder.link(copy, `${place}/${file}`);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw new ProdngError('USAGE', `${source}: the same package, version and architecture is given twice`);
  }
  const evidence: Evidence[] = [];
  for (const { kind, from, to } of evidenceNames(source, facts)) {
    const bytes = readEvidence(from);
    if (bytes === undefined) continue;
    await folder.fill(`${place}/${to}`, bytes);
    evidence.push({
      kind,
      file: to,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  }
  return { pool, file, evidence };
}

function evidenceNames(
  source: string,
  facts: PackageFacts,
): { kind: Evidence['kind']; from: string; to: string }[] {
  const stem = basename(source).replace(/\.deb$/, '');
  const beside = (kind: Evidence['kind'], suffix: string) => ({
    kind,
    from: join(dirname(source), `${stem}${suffix}`),
    to: `${fileStem(facts)}${suffix}`,
  });
  const buildinfo = `${fileStem({ name: facts.source, version: facts.sourceVersion, architecture: facts.architecture })}.buildinfo`;
  return [
    beside('sbom', '.cdx.json'),
    beside('provenance', '.provenance.json'),
    beside('attestation', '.intoto.jsonl'),
    { kind: 'buildinfo', from: join(dirname(source), buildinfo), to: buildinfo },
  ];
}

/** The author of the .deb may have put them there: a link could lead to any file, which would then be published. */
function readEvidence(path: string): Buffer | undefined {
  return readFileBeneath(dirname(path), basename(path), mostEvidence);
}

/** The bytes of a regular file. */
async function* bytesOf(source: string): AsyncGenerator<Uint8Array> {
  try {
    const file = await open(source, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new ProdngError('IO', `${source}: not a regular file`);
      yield* file.createReadStream({ autoClose: false, highWaterMark: 2 ** 18 });
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    throw new ProdngError('IO', `${source}: cannot be copied into the archive: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
