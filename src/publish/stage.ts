import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import type { PackageFacts } from './admit.ts';
import type { ArchiveFolder } from './archive-folder.ts';
import { fileStem, poolFolder } from './index-entry.ts';

/** Where publishers work; nothing in it is published. */
export const workFolder = '.prodng';
const prefix = `${workFolder}/stage-`;

/** A .deb as it will lie in the pool, copied to where nobody sees it yet. */
export interface Staged {
  facts: PackageFacts;
  /** The file that it was copied from. */
  source: string;
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
  await folder.within(`${stage}/pool`, true, () => Promise.resolve());
  return stage;
}

/**
 * Copies a .deb and the evidence beside it into a stage, under their names in the pool.
 *
 * @throws ProdngError IO, USAGE when another file of the run is the same package
 */
export async function stageDeb(
  folder: ArchiveFolder,
  stage: string,
  source: string,
  facts: PackageFacts,
): Promise<Staged> {
  const pool = poolFolder(facts.name);
  const file = `${fileStem(facts)}.deb`;
  return await folder.within(`${stage}/${pool}`, true, async (place) => {
    await copyIn(source, `${place}/${file}`);
    const evidence: Evidence[] = [];
    for (const { kind, from, to } of evidenceNames(source, facts)) {
      const bytes = await readEvidence(from);
      if (bytes === undefined) continue;
      await folder.write(`${stage}/${pool}/${to}`, bytes);
      evidence.push({
        kind,
        file: to,
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      });
    }
    return { facts, source, pool, file, evidence };
  });
}

async function copyIn(source: string, target: string): Promise<void> {
  try {
    if (!(await stat(source)).isFile()) throw new ProdngError('IO', `${source}: not a regular file`);
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(target, 0o644);
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    // of the archive, not of the file
    if (['ENOSPC', 'EDQUOT', 'EROFS'].includes(errnoOf(error) ?? '')) throw error;
    if (errnoOf(error) === 'EEXIST')
      throw new ProdngError('USAGE', `${source}: the same package, version and architecture is given twice`);
    throw new ProdngError('IO', `${source}: cannot be copied into the archive: ${reasonOf(error)}`, {
      cause: error,
    });
  }
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

async function readEvidence(path: string): Promise<Buffer | undefined> {
  try {
    const facts = await stat(path);
    if (!facts.isFile() || facts.size > mostEvidence)
      throw new ProdngError('IO', `${path}: not a regular file of at most ${mostEvidence} bytes`);
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (error instanceof ProdngError) throw error;
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
