import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Diagnostic, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { folderNames } from '../system/folder-names.ts';
import type { Archive } from './archive.ts';
import { type ParsedSources, parseListFile, parseSourcesFile, type SourcesEntry } from './sources-file.ts';

export interface ArchiveOptions {
  /** A deb822 file that says it all: `--sources`. */
  sourcesFile?: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** The host's root folder; tests have their own. */
  root?: string;
  architecture: string;
}

const systemFile = '/etc/prodng/archives.sources';
const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The package archives to use, in the order of their configuration: those of `--sources`, or $PRODNG_SOURCES, or
 * /etc/prodng/archives.sources, or of the host's own apt sources what belongs to the host's Debian release.
 *
 * Nothing else of the host's apt configuration is an input: no apt.conf, preferences, auth.conf or trusted.gpg.
 *
 * @throws ProdngError CONFIG naming file and line of what is wrong, or when there is no archive at all
 */
export async function loadArchives(options: ArchiveOptions): Promise<Archive[]> {
  const root = options.root ?? '/';
  const chosen = options.sourcesFile ?? nonEmpty(options.env?.PRODNG_SOURCES);
  if (chosen !== undefined) return await configured(chosen, options.architecture);
  const systemPath = join(root, systemFile);
  if (await exists(systemPath)) return await configured(systemPath, options.architecture);
  return await hostArchives(root, options.architecture);
}

/** A file that somebody wrote for ProdNG: every fault in it counts. */
async function configured(file: string, architecture: string): Promise<Archive[]> {
  const text = await readConfig(file);
  const { entries, diagnostics } = parseSourcesFile(text, file);
  for (const entry of entries) diagnostics.push(...faults(entry));
  if (diagnostics.length > 0) throw wrongSources(file, diagnostics);
  const archives = entries.filter((entry) => serves(entry, architecture)).map(toArchive);
  if (archives.length === 0)
    throw new ProdngError('CONFIG', `${file}: no archive for ${architecture}`, { hint: exampleHint });
  return archives;
}

async function hostArchives(root: string, architecture: string): Promise<Archive[]> {
  const codename = await hostCodename(root);
  const entries = (await hostEntries(join(root, 'etc/apt'))).filter(
    (entry) => belongsToRelease(entry, codename) && serves(entry, architecture) && faults(entry).length === 0,
  );
  if (entries.length > 0) return entries.map(toArchive);
  throw new ProdngError('CONFIG', `the host's apt sources name no archive of Debian ${codename || 'here'}`, {
    hint: exampleHint,
  });
}

const exampleHint =
  `write ${systemFile}, or give --sources FILE, with: Types: deb / URIs: https://mirror.example.org/debian / ` +
  `Suites: bookworm / Components: main / Signed-By: ${debianKeyring}`;

async function hostEntries(folder: string): Promise<SourcesEntry[]> {
  const files = [join(folder, 'sources.list')];
  for (const name of await folderNames(join(folder, 'sources.list.d')))
    files.push(join(folder, 'sources.list.d', name));
  const parsed: ParsedSources[] = [];
  for (const file of files) {
    if (!(await exists(file))) continue;
    if (file.endsWith('.list')) parsed.push(parseListFile(await readConfig(file), file));
    if (file.endsWith('.sources')) parsed.push(parseSourcesFile(await readConfig(file), file));
  }
  // apt reports the faults of the host's own files; here they only matter when nothing is left
  return parsed.flatMap(({ entries }) => entries);
}

/**
 * Third-party repositories must not become inputs by accident: the suite is the host's release or a pocket of it
 * (updates, security, backports), and the key is Debian's. Many third parties name a suite `bookworm` as well.
 */
function belongsToRelease(entry: SourcesEntry, codename: string): boolean {
  if (codename === '' || (entry.suite !== codename && !entry.suite.startsWith(`${codename}-`))) return false;
  const { signedBy } = entry;
  if (signedBy === undefined) return true;
  return (
    signedBy.kind === 'files' && signedBy.paths.every((path) => basename(path).startsWith('debian-archive-'))
  );
}

function serves(entry: SourcesEntry, architecture: string): boolean {
  return entry.architectures.length === 0 || entry.architectures.includes(architecture);
}

function toArchive(entry: SourcesEntry): Archive {
  const { uri, suite, components, signedBy, checkValidUntil, file, line } = entry;
  return {
    uri,
    suite,
    components,
    signedBy: signedBy ?? { kind: 'files', paths: [debianKeyring] },
    checkValidUntil,
    configuredAt: `${file}:${line}`,
  };
}

/** What ProdNG cannot or will not use. */
function faults(entry: SourcesEntry): Diagnostic[] {
  const { file, line } = entry;
  const found: Diagnostic[] = [];
  if (!/^(?:https?:\/\/[^\s/]|(?:file|copy):\/)/.test(entry.uri))
    found.push({ file, line, field: 'URIs', message: `"${entry.uri}"; allowed: http, https, file and copy` });
  const isFlat = entry.suite.endsWith('/');
  if (isFlat !== (entry.components.length === 0)) {
    const message = isFlat
      ? `"${entry.suite}" is a flat archive, which has no components`
      : `"${entry.suite}" without components; allowed: components, or a flat archive's folder, which ends in "/"`;
    found.push({ file, line, field: 'Suites', message });
  } else if (!isSuite(entry.suite)) {
    found.push({ file, line, field: 'Suites', message: `"${entry.suite}" is not the name of a suite` });
  }
  if (entry.trusted) {
    const message = 'an archive is never taken without its signature; give its keyring as Signed-By';
    found.push({ file, line, field: 'Trusted', message });
  }
  return found;
}

/** A suite, or the folder of a flat archive (`/`, `./`, `debian/`); neither leads out of the archive. */
function isSuite(suite: string): boolean {
  if (suite === '/' || suite === './') return true;
  const parts = suite.replace(/^\.\//, '').replace(/\/$/, '').split('/');
  return parts.every((part) => /^[\w.+~-]+$/.test(part) && !/^\.\.?$/.test(part));
}

/** os-release(5). Debian unstable has no VERSION_CODENAME before it gets a name. */
async function hostCodename(root: string): Promise<string> {
  for (const file of [join(root, 'etc/os-release'), join(root, 'usr/lib/os-release')]) {
    if (!(await exists(file))) continue;
    return /^VERSION_CODENAME=["']?([a-z]+)["']?$/m.exec(await readConfig(file))?.[1] ?? '';
  }
  return '';
}

function wrongSources(file: string, diagnostics: Diagnostic[]): ProdngError {
  return new ProdngError('CONFIG', `${file}: the archives are not configured well`, {
    diagnostics,
    hint: 'see sources.list(5), DEB822-STYLE FORMAT',
  });
}

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ProdngError('CONFIG', `${file}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
