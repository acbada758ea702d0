import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { openSignedBytes } from '../sign/signed-bytes.ts';
import { hostArchitecture } from '../system/architecture.ts';
import type { Paths } from '../system/paths.ts';
import { run } from '../system/process.ts';
import { type Progress, silent } from '../system/progress.ts';
import { type Admission, admit, readFacts } from './admit.ts';
import type { ArchiveFolder } from './archive-folder.ts';
import { withEvidence } from './evidence-field.ts';
import { contentsLines, packagesIndex } from './ftparchive.ts';
import { compareEntries, entryKey, type IndexEntry, parseIndex } from './index-entry.ts';
import { assertClock, type PublisherOptions, withArchive } from './publisher.ts';
import { readSuite, type Suite, suiteNames } from './read-suite.ts';
import type { ReleaseFacts } from './release.ts';
import { copyDeb, makeStage, type Staged, stageDeb } from './stage.ts';
import { writeSuite } from './write-suite.ts';

export interface PublishOptions extends PublisherOptions, Admission {
  debs: readonly string[];
  suite: string;
  /** Make the suite when the archive does not have it. A new archive needs no leave. */
  create?: boolean;
  /** Of a new suite: ms until its Release file expires; undefined for never. */
  validFor?: number;
  /** Of a new archive. */
  origin?: string;
  paths: Paths;
  progress?: Progress;
}

/** What was published. */
export interface Published {
  suite: string;
  /** `web=1.4-1:amd64`. */
  added: string[];
  /** What the suite had already, byte for byte. */
  unchanged: string[];
  packages: number;
}

/** Packages are read this many at a time: each one is a decompressor. */
const concurrency = 2;

/**
 * Adds packages to a suite of an archive, which is made when it is not there. All of them are published or none.
 *
 * @throws ProdngError PUBLISH, POLICY, SIGNATURE, BUSY, IO; what is wrong with a .deb
 */
export async function publish(options: PublishOptions): Promise<Published> {
  return await withArchive(options, true, async ({ folder, keyring }) => {
    const suite = await openSuite(folder, keyring, options);
    const stage = await makeStage(folder);
    try {
      const { staged, known } = await stageAll(folder, stage, suite.entries, options);
      const unchanged = known.sort(compareEntries).map(entryKey);
      if (staged.length === 0)
        return { suite: options.suite, added: [], unchanged, packages: suite.entries.length };
      const index = await folder.within(stage, false, (place) =>
        packagesIndex(place, 'pool', options.signal),
      );
      const byFile = new Map(staged.map((one) => [`${one.pool}/${one.file}`, one]));
      const added = parseIndex(index, 'apt-ftparchive packages').map((entry) => {
        const { pool = '', evidence = [] } = byFile.get(entry.filename) ?? {};
        return withEvidence(entry, pool, evidence);
      });
      assertNew(added, suite.entries, options.suite);
      await fillPool(folder, stage, staged, added);
      const architectures = architecturesOf([
        ...suite.facts.architectures,
        ...added.map((each) => each.architecture),
      ]);
      const entries = [...suite.entries, ...added];
      await folder.within(stage, false, (place) =>
        writeSuite(
          folder,
          {
            facts: { ...suite.facts, date: options.now.getTime(), architectures },
            entries,
            digests: suite.digests,
            contents: {
              added: (architecture) => contentsLines(place, 'pool', architecture),
              dropped: new Set(),
            },
          },
          options.signer,
          join(options.paths.cache, 'blocks'),
        ),
      );
      return {
        suite: options.suite,
        added: added.sort(compareEntries).map(entryKey),
        unchanged,
        packages: entries.length,
      };
    } finally {
      await folder.remove(stage);
    }
  });
}

async function openSuite(
  folder: ArchiveFolder,
  keyring: Parameters<typeof readSuite>[2],
  { suite: name, create = false, origin, validFor, now, archive }: PublishOptions,
): Promise<Suite> {
  const names = await suiteNames(folder);
  const suite = await readSuite(folder, name, keyring);
  if (suite !== undefined) {
    assertClock(now, suite.facts.date, name);
    assertChangeable(suite.facts);
    return suite;
  }
  const [first] = names;
  const sibling = first === undefined ? undefined : await readSuite(folder, first, keyring);
  if (sibling !== undefined && !create)
    throw new ProdngError('PUBLISH', `${archive}: has no suite ${name}; it has ${names.join(', ')}`, {
      hint: 'to make that suite, give --create',
    });
  return { facts: newSuite(name, sibling?.facts, { origin, validFor }), entries: [], digests: new Map() };
}

/** The facts of a suite that is not there yet: of the archive's others what they share. */
export function newSuite(
  suite: string,
  sibling: ReleaseFacts | undefined,
  { origin, validFor }: { origin?: string | undefined; validFor?: number | undefined },
): ReleaseFacts {
  const name = sibling?.origin ?? origin ?? 'ProdNG';
  if (!/^[\w .:+/-]{1,100}$/.test(name))
    throw new ProdngError(
      'USAGE',
      `--origin ${JSON.stringify(name)}: one line of letters, digits and " .:+/-_"`,
    );
  return {
    origin: name,
    label: name,
    suite,
    date: 0,
    architectures: [hostArchitecture()],
    ...(validFor === undefined ? {} : { validFor }),
  };
}

/** @throws ProdngError PUBLISH for a snapshot */
export function assertChangeable({ suite, snapshotOf }: ReleaseFacts): void {
  if (snapshotOf === undefined) return;
  throw new ProdngError('PUBLISH', `${suite}: is a snapshot of ${snapshotOf}, which never changes`, {
    hint: 'publish to another suite, or promote packages from it',
  });
}

function architecturesOf(names: readonly string[]): string[] {
  return [...new Set(names.filter((name) => name !== 'all'))].sort();
}

interface Checked {
  /** What is new: in the stage, checked. */
  staged: Staged[];
  /** What the suite has already, byte for byte: it was checked when it was published. */
  known: IndexEntry[];
}

async function stageAll(
  folder: ArchiveFolder,
  stage: string,
  entries: readonly IndexEntry[],
  options: PublishOptions,
): Promise<Checked> {
  const { debs, progress = silent, signal } = options;
  progress.step('Checking');
  const byDigest = new Map(entries.map((entry) => [entry.sha256, entry]));
  const checked: Checked = { staged: [], known: [] };
  const queue = [...debs];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      signal?.throwIfAborted();
      const { copy, sha256 } = await copyDeb(folder, stage, source);
      const known = byDigest.get(sha256);
      if (known === undefined) checked.staged.push(await stageOne(folder, stage, { source, copy }, options));
      else checked.known.push(known);
      progress.advance(++done, debs.length, 'files');
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return checked;
}

/** Opens a copy once, for all that reads it. */
async function stageOne(
  folder: ArchiveFolder,
  stage: string,
  { source, copy }: { source: string; copy: string },
  options: PublishOptions,
): Promise<Staged> {
  const { plain = false, paths } = options;
  const bytes = await folder.within(dirname(copy), false, (path) =>
    openSignedBytes(`${path}/${basename(copy)}`, source),
  );
  try {
    const facts = await readFacts(bytes.deb, plain);
    const staged = await stageDeb(folder, stage, { source, copy }, facts);
    await folder.within(`${stage}/${staged.pool}`, false, (path) =>
      admit(`${path}/${staged.file}`, bytes, source, facts, options, paths),
    );
    return staged;
  } finally {
    await bytes.close();
  }
}

/** @throws ProdngError PUBLISH when the suite has one of the versions, with other bytes */
function assertNew(added: readonly IndexEntry[], entries: readonly IndexEntry[], suite: string): void {
  const known = new Set(entries.map(entryKey));
  const same = added.find((entry) => known.has(entryKey(entry)));
  if (same === undefined) return;
  throw new ProdngError('PUBLISH', `${entryKey(same)}: ${suite} has that version already, with other bytes`, {
    hint: 'a version that was published never changes: build a new one',
  });
}

/** Moves what is new into the pool. Nothing refers to it yet. */
async function fillPool(
  folder: ArchiveFolder,
  stage: string,
  staged: readonly Staged[],
  added: readonly IndexEntry[],
): Promise<void> {
  const wanted = new Map(added.map((entry) => [entry.filename, entry]));
  const moved = staged.filter((one) => wanted.has(`${one.pool}/${one.file}`));
  if (moved.length === 0) return;
  await folder.within(stage, false, (place) => run(['sync', '-f', place]));
  for (const { pool, file, evidence } of moved) {
    for (const { file: name, sha256 } of evidence) await intoPool(folder, stage, `${pool}/${name}`, sha256);
    const entry = wanted.get(`${pool}/${file}`);
    // a second name: apt-ftparchive has yet to read it in the stage for Contents
    if (entry !== undefined) await intoPool(folder, stage, entry.filename, entry.sha256);
  }
}

async function intoPool(folder: ArchiveFolder, stage: string, path: string, sha256: string): Promise<void> {
  try {
    await folder.link(`${stage}/${path}`, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    if ((await digest(folder, path)) === sha256) return;
    throw new ProdngError('PUBLISH', `${path}: the pool has other bytes under that name`, {
      hint:
        'what was published never changes: build a new version, or promote the one that is there; ' +
        'what no suite has any more goes with: prodng publish prune',
    });
  }
}

async function digest(folder: ArchiveFolder, path: string): Promise<string> {
  const file = folder.open(path);
  if (file === undefined) return '';
  const hash = createHash('sha256');
  for await (const chunk of createReadStream('', { fd: file })) hash.update(chunk);
  return hash.digest('hex');
}
