import { openDeb } from '../archive/deb-reader.ts';
import { readDeb822 } from '../control/deb822.ts';
import { hasJailFields, parseJailDeclaration } from '../control/jail-schema.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { parseKeys } from '../sign/keyring.ts';
import { signingKeyIds } from '../sign/signing-keys.ts';
import { ArchiveFolder } from './archive-folder.ts';
import { evidenceOf } from './evidence-field.ts';
import { archivePage, type ShownSuite, type ShownVersion, suitePage } from './html-index.ts';
import { compareEntries, type IndexEntry } from './index-entry.ts';
import { readSuite, suiteNames } from './read-suite.ts';

/**
 * Writes pages that show what an archive holds: index.html, and html/SUITE.html for each suite. They are plain files
 * beside the archive, need no script and no other file, and are not signed: apt reads none of them. Each is replaced in
 * one step.
 *
 * @returns the paths of the pages, relative to the archive
 * @throws ProdngError PUBLISH when there is no archive, or it was edited; SIGNATURE
 */
export async function writeHtml(archive: string): Promise<string[]> {
  const folder = await ArchiveFolder.open(archive, false);
  try {
    const keyring = await folder.read('archive-keyring.asc');
    const names = await suiteNames(folder);
    if (keyring === undefined || names.length === 0)
      throw new ProdngError('PUBLISH', `${archive}: holds no archive`, {
        hint: 'make one by publishing to it: prodng publish ARCHIVE FILE.deb',
      });
    const keys = (await parseKeys(keyring, `${archive}/archive-keyring.asc`)).map((key) => key.toPublic());
    const shown: ShownSuite[] = [];
    for (const name of names) {
      const suite = await readSuite(folder, name, keys);
      if (suite === undefined) continue;
      const { origin, date } = suite.facts;
      const signature = (await folder.read(`dists/${name}/Release.gpg`)) ?? Buffer.of();
      const versions: ShownVersion[] = [];
      // apt's order, and of one package the newest first
      const entries = suite.entries.toSorted((a, b) =>
        a.name === b.name ? compareEntries(b, a) : compareEntries(a, b),
      );
      for (const entry of entries) versions.push(await shownVersion(folder, entry));
      shown.push({ suite: name, origin, date, signedBy: await signingKeyIds(signature), versions });
    }
    const pages = shown.map((suite) => [`html/${suite.suite}.html`, suitePage(suite)] as const);
    const all = [...pages, ['index.html', archivePage(shown[0]?.origin ?? '', shown)] as const];
    for (const [path, text] of all) await folder.write(path, text);
    return all.map(([path]) => path);
  } finally {
    folder.close();
  }
}

async function shownVersion(folder: ArchiveFolder, entry: IndexEntry): Promise<ShownVersion> {
  const { name, version, architecture, filename, size, sha256 } = entry;
  const [stanza] = readDeb822(entry.text, filename).paragraphs;
  const declaration =
    stanza === undefined || !hasJailFields(stanza)
      ? undefined
      : parseJailDeclaration(stanza, filename, 'Jail-').declaration;
  return {
    name,
    version,
    architecture,
    filename,
    size,
    sha256,
    summary: stanza?.get('Description')?.split('\n')[0] ?? '',
    ...(declaration === undefined ? {} : { declaration }),
    signedBy: await signersOf(folder, filename),
    evidence: evidenceOf(entry),
  };
}

/** Only the ends of the file are read. */
async function signersOf(folder: ArchiveFolder, filename: string): Promise<string[]> {
  const slash = filename.lastIndexOf('/');
  return await folder.within(filename.slice(0, slash), false, async (place) => {
    const deb = await openDeb(`${place}${filename.slice(slash)}`);
    try {
      const ids = (await deb.signatureMembers()).map(({ bytes }) => signingKeyIds(bytes));
      return (await Promise.all(ids)).flat();
    } finally {
      await deb.close();
    }
  });
}
