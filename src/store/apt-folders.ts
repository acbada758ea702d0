import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDeb822 } from '../control/deb822.ts';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import type { Paths } from '../system/paths.ts';
import { aptConfiguration } from './apt-environment.ts';
import type { Archive } from './archive.ts';

/** The private apt for one configuration and architecture. */
export interface AptHome {
  folder: string;
  architecture: string;
  archives: readonly Archive[];
  /** apt.conf for `apt-get update`. */
  configuration: string;
  etc: string;
  /** Finished, unchanging copies of the lists: one folder for each state of the archives. */
  states: string;
}

/**
 * Makes the private apt of these archives ready: folders, sources, copies of the keyrings. Another configuration,
 * architecture or key gives another folder: lists of one are never used for the other.
 *
 * @throws ProdngError CONFIG when a keyring cannot be read
 */
export async function prepareAptHome(
  paths: Paths,
  archives: readonly Archive[],
  architecture: string,
): Promise<AptHome> {
  const keyrings = await Promise.all(archives.map(readKeyrings));
  const folder = join(paths.cache, 'apt', homeKey(archives, keyrings, architecture));
  const etc = join(folder, 'etc');
  for (const name of [
    'sources.list.d',
    'keyrings',
    'apt.conf.d',
    'preferences.d',
    'trusted.gpg.d',
    'auth.conf.d',
  ])
    await mkdir(join(etc, name), { recursive: true });
  const stanzas = [];
  for (const [index, archive] of archives.entries()) {
    const signedBy = await writeKeyrings(join(etc, 'keyrings'), keyrings[index] ?? []);
    stanzas.push(sourcesStanza(archive, architecture, signedBy));
  }
  await writeIfChanged(join(etc, 'sources.list.d/prodng.sources'), formatDeb822(stanzas));
  const current = join(folder, 'current');
  return {
    folder,
    architecture,
    archives,
    configuration: await prepareAptState(current, etc, architecture),
    etc,
    states: join(folder, 'states'),
  };
}

/**
 * Makes the folders that apt wants in a state, and its apt.conf.
 *
 * @returns the path of the apt.conf
 */
export async function prepareAptState(state: string, etc: string, architecture: string): Promise<string> {
  for (const name of ['lists/partial', 'cache/archives/partial', 'log'])
    await mkdir(join(state, name), { recursive: true });
  const configuration = join(state, 'apt.conf');
  await writeIfChanged(configuration, aptConfiguration({ state, etc }, architecture));
  await writeIfChanged(join(state, 'status'), '');
  return configuration;
}

function homeKey(archives: readonly Archive[], keyrings: Buffer[][], architecture: string): string {
  const hash = createHash('sha256');
  const configuration = archives.map((archive) => ({ ...archive, configuredAt: '' }));
  hash.update(JSON.stringify({ layout: 1, architecture, configuration }));
  for (const keyring of keyrings.flat()) hash.update(createHash('sha256').update(keyring).digest());
  return hash.digest('hex').slice(0, 24);
}

/**
 * The keys that may sign an archive.
 *
 * @throws ProdngError CONFIG when a keyring cannot be read
 */
export async function readKeyrings({ signedBy, configuredAt }: Archive): Promise<Buffer[]> {
  if (signedBy.kind === 'inline') return [Buffer.from(signedBy.armor)];
  return await Promise.all(
    signedBy.paths.map(async (path) => {
      try {
        return await readFile(path);
      } catch (error) {
        throw new ProdngError('CONFIG', `${configuredAt}: Signed-By: ${path}: ${reasonOf(error)}`, {
          hint: 'apt-get install debian-archive-keyring, or name the keyring of that archive',
          cause: error,
        });
      }
    }),
  );
}

/** Copies, because apt checks signatures as user _apt, who may not read the originals. */
async function writeKeyrings(folder: string, keyrings: readonly Buffer[]): Promise<string> {
  const paths: string[] = [];
  for (const bytes of keyrings) {
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 24);
    // apt distinguishes armoured keys from binary ones by the file's extension
    const extension = bytes.subarray(0, 64).includes('-----BEGIN PGP') ? 'asc' : 'gpg';
    const path = join(folder, `${digest}.${extension}`);
    await writeIfChanged(path, bytes);
    paths.push(path);
  }
  return paths.join(', ');
}

function sourcesStanza(archive: Archive, architecture: string, signedBy: string) {
  const fields: [string, string][] = [
    ['Types', 'deb'],
    ['URIs', archive.uri],
    ['Suites', archive.suite],
    ...(archive.components.length === 0
      ? []
      : ([['Components', archive.components.join(' ')]] satisfies [string, string][])),
    ['Architectures', architecture],
    ['Signed-By', signedBy],
    ...(archive.checkValidUntil ? [] : ([['Check-Valid-Until', 'no']] satisfies [string, string][])),
  ];
  return { fields: fields.map(([name, value]) => ({ name, value })) };
}

async function writeIfChanged(path: string, content: string | Buffer): Promise<void> {
  try {
    if ((await readFile(path)).equals(Buffer.from(content))) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  await writeFileAtomic(path, content);
}
