import { createHash } from 'node:crypto';
import { copyFile, link, lstat, mkdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stripClearsign } from '../control/clearsigned.ts';
import { parseDeb822 } from '../control/deb822.ts';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { withFlock } from '../kernel/flock.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { folderNames } from '../system/folder-names.ts';
import type { Paths } from '../system/paths.ts';
import { run } from '../system/process.ts';
import { type Progress, silent } from '../system/progress.ts';
import { aptEnvironment } from './apt-environment.ts';
import { updateFailure } from './apt-failure.ts';
import { type AptHome, prepareAptHome, prepareAptState, readKeyrings } from './apt-folders.ts';
import type { Archive } from './archive.ts';
import { nameReleases, parseRelease, type Release, unnamedOrigin } from './release-file.ts';
import type { ReleaseIdentity } from './release-identity.ts';

/** Verified indices of all configured archives as they were at one moment; they never change again. */
export interface ArchiveState {
  folder: string;
  architecture: string;
  /** apt.conf for apt's solver. */
  configuration: string;
  releases: readonly StateRelease[];
}

export interface StateRelease {
  identity: ReleaseIdentity;
  /** Paths of its Packages indices. */
  packages: string[];
}

export interface StateOptions {
  archives: readonly Archive[];
  architecture: string;
  paths: Paths;
  progress?: Progress;
  signal?: AbortSignal;
}

/**
 * Fetches what is new from the archives, with their signatures verified by apt against the keyrings configured for
 * each, and returns the state they are in now.
 *
 * @throws ProdngError ARCHIVE_SIGNATURE, ARCHIVE_STALE, ARCHIVE_UNREACHABLE, CONFIG, or BUSY when another prodng
 *   updates for too long; the states of before stay usable
 */
export async function updateArchives(options: StateOptions): Promise<ArchiveState> {
  const { paths, archives, architecture, progress = silent } = options;
  const home = await prepareAptHome(paths, archives, architecture);
  progress.step('Reading the package archives');
  return await withFlock(
    join(home.folder, 'lock'),
    async () => {
      await aptUpdate(home, options.signal);
      return await keepState(home);
    },
    { onWait: () => progress.note('waiting for another prodng that reads the archives') },
  );
}

/**
 * The kept state whose releases are the ones of a lock (same names, same Dates), if there is one: the way to
 * resolve again in the archive state of the lock.
 */
export async function findArchiveState(
  options: StateOptions,
  releases: readonly ReleaseIdentity[],
): Promise<ArchiveState | undefined> {
  const home = await prepareAptHome(options.paths, options.archives, options.architecture);
  const wanted = stateFingerprint(releases);
  for (const name of await folderNames(home.states)) {
    const state = await readState(home, join(home.states, name));
    if (state !== undefined && stateFingerprint(state.releases.map(({ identity }) => identity)) === wanted)
      return state;
  }
  return undefined;
}

function stateFingerprint(releases: readonly ReleaseIdentity[]): string {
  const each = releases.map(({ name, origin, codename, date }) =>
    JSON.stringify([name, origin, codename, date]),
  );
  return each.sort().join('\n');
}

/**
 * Bytes of the largest file that apt may write: an index of the largest public archives has 100 MB. apt knows the size of
 * each index from the signed Release file, and yet has been seen to write an endless one for as long as it came.
 */
const largestFile = 512 * 2 ** 20;

async function aptUpdate(home: AptHome, signal: AbortSignal | undefined): Promise<void> {
  const { exitCode, stdout, stderr } = await run(
    [
      'prlimit',
      `--fsize=${largestFile}`,
      'apt-get',
      'update',
      '--error-on=any',
      // apt remembers Label and Origin, and refuses another one; what is locked must not depend on that memory
      '--allow-releaseinfo-change',
    ],
    {
      env: aptEnvironment(home.configuration),
      accept: [0, 100],
      ...(signal === undefined ? {} : { signal }),
    },
  );
  if (exitCode === 0) return;
  const partial = join(home.folder, 'current/lists/partial');
  for (const name of await folderNames(partial)) await rm(join(partial, name), { force: true });
  throw updateFailure(`${stderr}\n${stdout}`);
}

/** Copies apt's lists (by hard links: apt replaces its files, it never writes into them) to a folder of their own. */
async function keepState(home: AptHome): Promise<ArchiveState> {
  const releases = await readReleases(home);
  const digest = createHash('sha256');
  for (const { digest: one } of releases) digest.update(one);
  const name = digest.digest('hex').slice(0, 24);
  const folder = join(home.states, name);
  const kept = await readState(home, folder);
  if (kept !== undefined) return kept;
  const temporary = join(home.folder, `new-${name}`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(join(temporary, 'lists'), { recursive: true });
  for (const path of releases.flatMap((release) => [release.path, ...release.packages]))
    await linkOrCopy(path, join(temporary, 'lists', basename(path)));
  const record = releases.map(({ identity, packages }) => ({
    identity,
    packages: packages.map((path) => basename(path)),
  }));
  await writeFileAtomic(join(temporary, 'state.json'), `${JSON.stringify(record, undefined, 1)}\n`);
  await mkdir(home.states, { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
  await pruneStates(home, name);
  const state = await readState(home, folder);
  if (state === undefined) throw new ProdngError('IO', `${folder}: cannot be read back`);
  return state;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  // for file: archives apt keeps symbolic links into the archive, which will change
  if ((await lstat(from)).isSymbolicLink()) return await copyFile(from, to);
  await link(from, to);
}

interface FoundRelease extends StateRelease {
  path: string;
  /** SHA-256 of the signed file. */
  digest: string;
}

async function readReleases(home: AptHome): Promise<FoundRelease[]> {
  const targets = await indexTargets(home);
  const found: (Release & { path: string; digest: string; packages: string[] })[] = [];
  for (const archive of home.archives) {
    const own = targets.filter(({ uri, suite }) => uri === archive.uri && suite === archive.suite);
    for (const component of archive.components) {
      if (own.some((target) => target.component === component)) continue;
      const hint = `check Components there; the architecture is ${home.architecture}`;
      throw new ProdngError(
        'CONFIG',
        `${archive.configuredAt}: ${archive.suite} has no component ${component}`,
        {
          hint,
        },
      );
    }
    const first = own[0];
    if (first === undefined) continue;
    const path = await releaseBeside(first.path, first.metaKey);
    const bytes = await readFile(path);
    const text = stripClearsign(bytes.toString('utf8')).text;
    const [stanza] = parseDeb822(text, path);
    if (stanza === undefined) throw new ProdngError('ARCHIVE_SIGNATURE', `${path}: an empty Release file`);
    const isFlat = archive.components.length === 0;
    const wanted = own.filter((target) => isFlat || archive.components.includes(target.component));
    found.push({
      ...parseRelease(stanza, archive, unnamedOrigin(await readKeyrings(archive))),
      path,
      digest: createHash('sha256').update(bytes).digest('hex'),
      packages: wanted.map((target) => target.path),
    });
  }
  return nameReleases(found);
}

interface IndexTarget {
  uri: string;
  suite: string;
  component: string;
  metaKey: string;
  path: string;
}

async function indexTargets(home: AptHome): Promise<IndexTarget[]> {
  const fields = ['REPO_URI', 'RELEASE', 'COMPONENT', 'METAKEY', 'FILENAME', 'CREATED_BY'];
  const format = fields.map((name) => `$(${name})`).join('\t');
  const { stdout } = await run(['apt-get', 'indextargets', '--no-release-info', '--format', format], {
    env: aptEnvironment(home.configuration),
  });
  const targets: IndexTarget[] = [];
  for (const line of stdout.split('\n')) {
    const [uri = '', suite = '', component = '', metaKey = '', path = '', createdBy] = line.split('\t');
    // apt also names indices that the archive does not have (binary-all)
    if (createdBy !== 'Packages' || !(await exists(path))) continue;
    targets.push({ uri: uri.replace(/\/+$/, ''), suite, component, metaKey, path });
  }
  return targets;
}

/** apt keeps `X_InRelease` (or `X_Release` with a detached signature) beside `X_main_binary-amd64_Packages`. */
async function releaseBeside(packages: string, metaKey: string): Promise<string> {
  const prefix = packages.slice(0, packages.length - metaKey.length);
  for (const name of ['InRelease', 'Release'])
    if (await exists(`${prefix}${name}`)) return `${prefix}${name}`;
  throw new ProdngError('IO', `${prefix}InRelease: apt did not keep it`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function readState(home: AptHome, folder: string): Promise<ArchiveState | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, 'state.json'), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const { parseStateRecord } = await import('./state-record.ts');
  const record = parseStateRecord(text);
  if (record === undefined) return undefined;
  const now = new Date();
  await utimes(folder, now, now);
  return {
    folder,
    architecture: home.architecture,
    configuration: await prepareAptState(folder, home.etc, home.architecture),
    releases: record.map(({ identity, packages }) => ({
      identity,
      packages: packages.map((name) => join(folder, 'lists', name)),
    })),
  };
}

const keptStates = 4;
const day = 86_400_000;

/** Each state costs the size of its indices. One that was used within a day may belong to a running build. */
async function pruneStates(home: AptHome, newest: string): Promise<void> {
  const old: { path: string; used: number }[] = [];
  for (const name of await folderNames(home.states)) {
    if (name === newest) continue;
    const path = join(home.states, name);
    const used = (await stat(path)).mtimeMs;
    if (Date.now() - used > day) old.push({ path, used });
  }
  old.sort((a, b) => b.used - a.used);
  for (const { path } of old.slice(keptStates - 1)) await rm(path, { recursive: true, force: true });
}
