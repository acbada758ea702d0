import { readDeb822 } from '../control/deb822.ts';
import type { Paragraph } from '../control/deb822-types.ts';
import { packagePattern } from '../control/package-name.ts';
import { versionFault } from '../control/version.ts';
import { type Diagnostic, ProdngError } from '../error/prodng-error.ts';
import { poolPathPattern } from '../store/pool-path.ts';
import type { ReleaseIdentity } from '../store/release-identity.ts';
import { type Lock, type LockedPackage, type PackageUse, packageKey, packageUses } from './lock.ts';
import { noRelations, normalRelations } from './lock-text.ts';
import { readWrittenPackages } from './written-packages.ts';

const headerFields = ['Format', 'Architecture', 'Build-Depends', 'Depends', 'Built-Depends'];
const archiveFields = ['Archive', 'Origin', 'Label', 'Suite', 'Codename', 'Date', 'Components'];
const packageFields = 'Package Version Architecture Source Provides Archive Filename Size SHA256 Use'.split(
  ' ',
);

/**
 * Reads a lock.
 *
 * @param file the name that errors carry
 * @throws ProdngError LOCK_SYNTAX with a diagnostic for every fault
 */
export function parseLock(text: string | Uint8Array, file: string): Lock {
  const written = readWrittenLock(text, file);
  if (written !== undefined) return written;
  const reader = new LockReader(file);
  const lock = reader.read(text);
  const first = reader.diagnostics[0];
  if (lock !== undefined && first === undefined) return lock;
  throw new ProdngError('LOCK_SYNTAX', `${file}: not a valid lock`, {
    diagnostics: reader.diagnostics,
    hint: 'restore it from version control, or recreate it: rm the file, then prodng lock',
  });
}

/** A lock in the form that formatLock writes; undefined for any other, and for one with a fault. */
function readWrittenLock(text: string | Uint8Array, file: string): Lock | undefined {
  const written = readWrittenPackages(text);
  if (written === undefined) return undefined;
  const { head, packages } = written;
  const reader = new LockReader(file);
  const lock = reader.read(head);
  if (lock === undefined || reader.diagnostics.length > 0) return undefined;
  const archives = new Set(lock.archives.map((each) => each.name));
  const isWhole =
    packages.every(({ archive }) => archives.has(archive)) &&
    new Set(packages.map(packageKey)).size === packages.length;
  return isWhole ? { ...lock, packages } : undefined;
}

class LockReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  read(text: string | Uint8Array): Lock | undefined {
    const { paragraphs, diagnostics } = readDeb822(text, this.#file);
    this.diagnostics.push(...diagnostics);
    const [header, ...others] = paragraphs;
    if (header === undefined) return this.#report(1, undefined, 'the file is empty');
    if (header.get('Format') !== '1') {
      const found = header.get('Format');
      const what = found === undefined ? 'the field is missing' : `"${found}" is not known to this prodng`;
      return this.#report(header.field('Format')?.line ?? header.line, 'Format', `${what}; allowed: 1`);
    }
    const packageStanzas = others.filter((stanza) => stanza.field('Package') !== undefined);
    const archiveStanzas = others.filter((stanza) => stanza.field('Package') === undefined);
    const archives = archiveStanzas.map((stanza) => this.#archive(stanza));
    this.#unique(
      archives.map(({ name }) => name),
      archiveStanzas,
      'Archive',
    );
    const names = new Set(archives.map(({ name }) => name));
    const packages = packageStanzas.map((stanza) => this.#package(stanza, names));
    this.#unique(packages.map(packageKey), packageStanzas, 'Package');
    return { ...this.#header(header), archives, packages };
  }

  #header(stanza: Paragraph): Omit<Lock, 'archives' | 'packages'> {
    this.#known(stanza, headerFields);
    const built =
      stanza.field('Built-Depends') === undefined ? undefined : this.#relations(stanza, 'Built-Depends');
    return {
      format: 1,
      architecture: this.#need(stanza, 'Architecture', /^[a-z0-9-]+$/, 'the name of an architecture'),
      buildDepends: this.#relations(stanza, 'Build-Depends'),
      depends: this.#relations(stanza, 'Depends'),
      ...(built === undefined ? {} : { builtDepends: built }),
    };
  }

  #archive(stanza: Paragraph): ReleaseIdentity {
    this.#known(stanza, archiveFields);
    const date = this.#need(stanza, 'Date', /\S/, 'a date');
    if (Number.isNaN(Date.parse(date))) this.#fault(stanza, 'Date', 'a date as in a Release file');
    return {
      name: this.#need(stanza, 'Archive', /^\S+$/, 'one word'),
      origin: this.#need(stanza, 'Origin', /\S/, 'text'),
      ...this.#optional(stanza, 'Label', 'label'),
      ...this.#optional(stanza, 'Suite', 'suite'),
      codename: this.#need(stanza, 'Codename', /\S/, 'text'),
      date,
      components: this.#components(stanza),
    };
  }

  /** A flat archive has none, and no field. */
  #components(stanza: Paragraph): string[] {
    if (stanza.field('Components') === undefined) return [];
    return this.#need(stanza, 'Components', /\S/, 'words').split(/\s+/);
  }

  #package(stanza: Paragraph, archives: ReadonlySet<string>): LockedPackage {
    this.#known(stanza, packageFields);
    const version = this.#need(stanza, 'Version', /^\S+$/, 'a Debian version');
    if (version !== '' && versionFault(version) !== undefined)
      this.#fault(stanza, 'Version', 'a Debian version');
    const archive = this.#need(stanza, 'Archive', /^\S+$/, 'one word');
    if (archive !== '' && !archives.has(archive)) this.#fault(stanza, 'Archive', 'an Archive of this file');
    if (stanza.field('Provides') !== undefined) this.#relations(stanza, 'Provides');
    return {
      name: this.#need(stanza, 'Package', packagePattern, 'a package name (Policy 5.6.7)'),
      version,
      architecture: this.#need(stanza, 'Architecture', /^[a-z0-9-]+$/, 'the name of an architecture'),
      ...this.#optional(stanza, 'Source', 'source'),
      ...this.#optional(stanza, 'Provides', 'provides'),
      archive,
      poolPath: this.#need(stanza, 'Filename', poolPathPattern, 'a relative path of a .deb'),
      size: Number(this.#need(stanza, 'Size', /^\d{1,12}$/, 'a number of bytes')),
      sha256: this.#need(stanza, 'SHA256', /^[0-9a-f]{64}$/, '64 lower-case hex digits'),
      use: this.#use(stanza),
    };
  }

  #use(stanza: Paragraph): PackageUse[] {
    const pattern = /^(?:build|(?:build )?rootfs|(?:build )?(?:rootfs )?install)$/;
    const text = this.#need(stanza, 'Use', pattern, `${packageUses.join(', ')}, or several in this order`);
    return packageUses.filter((use) => text.includes(use));
  }

  #need(stanza: Paragraph, name: string, pattern: RegExp, allowed: string): string {
    const value = stanza.get(name);
    if (value !== undefined && !value.includes('\n') && pattern.test(value)) return value;
    this.#fault(stanza, name, allowed);
    return '';
  }

  #optional<K extends string>(stanza: Paragraph, name: string, key: K): Partial<Record<K, string>> {
    const value = stanza.get(name);
    if (value === undefined) return {};
    if (value === '' || value.includes('\n')) this.#fault(stanza, name, 'one line of text');
    const result: Partial<Record<K, string>> = {};
    result[key] = value;
    return result;
  }

  #relations(stanza: Paragraph, name: string): string {
    const value = stanza.get(name);
    if (value === undefined) this.#fault(stanza, name, `package relations, or ${noRelations} for none`);
    if (value === undefined || value === noRelations) return '';
    try {
      return normalRelations(value.replaceAll('\n', ' '));
    } catch (error) {
      if (!(error instanceof ProdngError)) throw error;
      this.#report(stanza.field(name)?.line ?? stanza.line, name, error.message);
      return '';
    }
  }

  #known(stanza: Paragraph, names: readonly string[]): void {
    for (const field of stanza.fields) {
      if (!names.includes(field.name))
        this.#report(field.line, field.name, `allowed here: ${names.join(', ')}`);
    }
  }

  #unique(keys: readonly string[], stanzas: readonly Paragraph[], field: string): void {
    const seen = new Set<string>();
    for (const [index, key] of keys.entries()) {
      if (seen.has(key)) this.#report(stanzas[index]?.line ?? 1, field, `duplicate ${key}`);
      seen.add(key);
    }
  }

  #fault(stanza: Paragraph, name: string, allowed: string): void {
    const field = stanza.field(name);
    const what = field === undefined ? 'the field is missing' : JSON.stringify(field.value);
    this.#report(field?.line ?? stanza.line, name, `${what}; allowed: ${allowed}`);
  }

  #report(line: number, field: string | undefined, message: string): undefined {
    this.diagnostics.push({ file: this.#file, line, ...(field === undefined ? {} : { field }), message });
    return undefined;
  }
}
