import { stripClearsign } from '../control/clearsigned.ts';
import { readDeb822 } from '../control/deb822.ts';
import { reasonOf } from '../error/prodng-error.ts';
import { readKeyrings } from './apt-folders.ts';
import type { Archive } from './archive.ts';
import type { Downloader } from './download.ts';
import { poolUri } from './mirrors.ts';
import { configuredName, parseRelease, type Release, unnamedOrigin } from './release-file.ts';
import type { ReleaseIdentity } from './release-identity.ts';

/** Far above the Release file of any archive. */
const mostBytes = 8 << 20;

/** Where a file can be: URIs in the order to try, and why the other archives are not asked. */
export interface Route {
  uris: string[];
  passedOver: { uri: string; kind: 'other' | 'unknown'; why: string }[];
}

/**
 * Tells which configured archives are asked for a file: those with the Origin of the release that the lock names.
 * The names of private packages are told to no other archive, whatever a private one answers. Within one Origin all
 * are asked, because packages move (security to the point release), and a mirror may be behind.
 *
 * Where the configuration leaves open what an archive is, because several releases of the lock have that suite or
 * none has, its Release file says it. That file is not verified here: it decides what the archive is asked for, and the
 * SHA-256 decides what is taken.
 */
export class ArchiveRoutes {
  readonly #archives: readonly Archive[];
  readonly #releases: readonly ReleaseIdentity[];
  readonly #downloader: Downloader;
  readonly #asked = new Map<Archive, Promise<Release | string>>();

  constructor(archives: readonly Archive[], releases: readonly ReleaseIdentity[], downloader: Downloader) {
    this.#archives = archives;
    this.#releases = releases;
    this.#downloader = downloader;
  }

  /**
   * The places of one file, each once; those of its own release first.
   *
   * @param file `archive` is the name of a release of the lock
   */
  async of(file: { archive: string; poolPath: string }): Promise<Route> {
    const own = this.#releases.find(({ name }) => name === file.archive);
    const first: string[] = [];
    const others: string[] = [];
    const passedOver: Route['passedOver'] = [];
    for (const archive of this.#archives) {
      const { uri } = archive;
      const found = await this.#identity(archive);
      if (typeof found === 'string') passedOver.push({ uri, kind: 'unknown', why: found });
      else if (found.origin !== own?.origin)
        passedOver.push({ uri, kind: 'other', why: `its Origin is "${found.origin}"` });
      else (found.codename === own.codename ? first : others).push(poolUri(uri, file.poolPath));
    }
    return { uris: [...new Set([...first, ...others])], passedOver };
  }

  /** @returns why it cannot be told, as text */
  async #identity(archive: Archive): Promise<Pick<Release, 'origin' | 'codename'> | string> {
    const suite = configuredName(archive.suite);
    const same = this.#releases.filter((release) => suite === release.codename || suite === release.suite);
    const [only] = same;
    if (only !== undefined && same.every(({ origin }) => origin === only.origin)) return only;
    const asked = this.#asked.get(archive) ?? readRelease(archive, this.#downloader);
    this.#asked.set(archive, asked);
    return await asked;
  }
}

async function readRelease(archive: Archive, downloader: Downloader): Promise<Release | string> {
  const { uri, suite } = archive;
  const folder = suite.endsWith('/') ? `${uri}/${suite.replace(/^\.?\//, '')}` : `${uri}/dists/${suite}/`;
  try {
    for (const name of ['InRelease', 'Release']) {
      const answer = await downloader.start({ uri: `${folder}${name}`, offset: 0 });
      if (answer.kind === 'refused') return answer.why;
      if (answer.kind !== 'bytes') continue;
      const text = stripClearsign((await firstBytes(answer.content)).toString('utf8')).text;
      const [stanza] = readDeb822(text, `${folder}${name}`).paragraphs;
      if (stanza === undefined) return 'its Release file is empty';
      return parseRelease(stanza, archive, unnamedOrigin(await readKeyrings(archive)));
    }
    return 'it has no Release file';
  } catch (error) {
    return reasonOf(error);
  }
}

async function firstBytes(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of content) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > mostBytes) break;
  }
  return Buffer.concat(chunks);
}
