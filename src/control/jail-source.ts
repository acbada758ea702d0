import { type Diagnostic, ProdngError } from '../error/prodng-error.ts';
import { readFileBeneath } from '../kernel/beneath-file.ts';
import { parseChangelog } from './changelog.ts';
import { type Paragraph, readDeb822 } from './deb822.ts';
import type { JailDeclaration } from './jail-declaration.ts';
import { hasJailFields, parseJailDeclaration } from './jail-schema.ts';
import { packageNameRule, packagePattern } from './package-name.ts';

/** A Debian source package that makes a jail. */
export interface JailSource {
  dir: string;
  sourceName: string;
  version: string;
  distribution: string;
  /** Seconds since 1970: the time of the newest changelog entry. */
  sourceDateEpoch: number;
  packageName: string;
  /** The binary stanza's Architecture: `any`, `all`, `amd64`, ... */
  architecture: string;
  /** Build-Depends, -Arch and -Indep in one relation text. */
  buildDepends: string;
  /** Depends of the binary stanza as written, substitution variables kept. */
  depends: string;
  declaration: JailDeclaration;
  sourceStanza: Paragraph;
  binaryStanza: Paragraph;
}

/** A finding in a source; `code` is there when lint knows the kind of fault. */
export interface SourceDiagnostic extends Diagnostic {
  code: string;
}

/** What inspectJailSource found: the source is there when nothing is wrong with it. */
export interface InspectedSource {
  source?: JailSource;
  diagnostics: SourceDiagnostic[];
  /** debian/control as text, for showing the lines that findings point at. */
  controlText: string;
  stanzas: Paragraph[];
  /** The stanza with Jail-* fields. */
  jailStanza?: Paragraph;
}

const controlFile = 'debian/control';
const changelogFile = 'debian/changelog';

/**
 * Reads debian/control and debian/changelog of a jail source and validates all of it.
 *
 * @throws ProdngError NOT_A_JAIL_SOURCE when the folder is none, DECLARATION with every diagnostic when it is wrong
 */
export async function readJailSource(dir: string): Promise<JailSource> {
  const { source, diagnostics } = inspectJailSource(dir);
  if (source !== undefined) return source;
  const count = diagnostics.length === 1 ? '1 error' : `${diagnostics.length} errors`;
  throw new ProdngError('DECLARATION', `${count} in the declarations of ${dir}`, {
    diagnostics,
    hint: 'docs/control-fields.md describes every field; prodng lint explains each finding',
  });
}

/**
 * Reads a jail source and hands back what is wrong with it instead of throwing.
 *
 * @throws ProdngError NOT_A_JAIL_SOURCE when the folder is no Debian source package, or none with a jail
 */
export function inspectJailSource(dir: string): InspectedSource {
  const controlBytes = readSourceFile(dir, controlFile);
  const { paragraphs, diagnostics: faults } = readDeb822(controlBytes, controlFile);
  const inspected: InspectedSource = {
    diagnostics: faults.map((fault) => ({ code: 'control-syntax', ...fault })),
    controlText: new TextDecoder().decode(controlBytes.subarray(0, 1 << 20)),
    stanzas: paragraphs,
  };
  const [sourceStanza, ...binaryStanzas] = paragraphs;
  const jails = binaryStanzas.filter(hasJailFields);
  const jailStanza = jails[0];
  if (jailStanza === undefined && faults.length === 0) throw notAJailSource(dir, sourceStanza);
  if (jailStanza !== undefined) inspected.jailStanza = jailStanza;
  for (const extra of jails.slice(1)) inspected.diagnostics.push(tooManyJails(extra));
  checkSourceStanza(sourceStanza, inspected.diagnostics);
  const parsed = jailStanza && parseJailDeclaration(jailStanza, controlFile, 'XB-Jail-');
  inspected.diagnostics.push(...(parsed?.diagnostics ?? []));
  const changelog = readChangelog(dir, inspected.diagnostics);
  if (sourceStanza === undefined || jailStanza === undefined) return inspected;
  const names = checkNames(sourceStanza, jailStanza, changelog?.source, inspected.diagnostics);
  inspected.diagnostics.sort(byPlace);
  if (inspected.diagnostics.length > 0 || parsed?.declaration === undefined || changelog === undefined)
    return inspected;
  inspected.source = {
    dir,
    ...names,
    version: changelog.version,
    distribution: changelog.distribution,
    sourceDateEpoch: changelog.timestamp,
    buildDepends: ['Build-Depends', 'Build-Depends-Arch', 'Build-Depends-Indep']
      .map((name) => oneLine(sourceStanza.get(name)))
      .filter((text) => text !== '')
      .join(', '),
    depends: oneLine(jailStanza.get('Depends')),
    declaration: parsed.declaration,
    sourceStanza,
    binaryStanza: jailStanza,
  };
  return inspected;
}

function byPlace(a: SourceDiagnostic, b: SourceDiagnostic): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || (a.column ?? 0) - (b.column ?? 0);
}

function readSourceFile(dir: string, name: string): Buffer {
  const bytes = readFileBeneath(dir, name);
  if (bytes !== undefined) return bytes;
  throw new ProdngError('NOT_A_JAIL_SOURCE', `${dir}: no jail source: there is no ${name}`, {
    hint: 'give the folder of a jail source, or make one with: prodng new TEMPLATE DIR',
  });
}

function notAJailSource(dir: string, first: Paragraph | undefined): ProdngError {
  const what = first === undefined ? 'is empty' : 'has no binary stanza with XB-Jail-* fields';
  return new ProdngError('NOT_A_JAIL_SOURCE', `${dir}: no jail source: ${controlFile} ${what}`, {
    hint: 'add XB-Jail-Format: 1 and XB-Jail-Command to the stanza of the binary package',
  });
}

function tooManyJails(stanza: Paragraph): SourceDiagnostic {
  const message = 'a second stanza with jail fields; a source makes one jail';
  return { code: 'jail-field-misplaced', file: controlFile, line: stanza.line, message };
}

function checkSourceStanza(stanza: Paragraph | undefined, diagnostics: SourceDiagnostic[]): void {
  if (stanza === undefined || !hasJailFields(stanza)) return;
  const message = 'jail fields in the source stanza; they belong into the stanza of the binary package';
  diagnostics.push({ code: 'jail-field-misplaced', file: controlFile, line: stanza.line, message });
}

function readChangelog(dir: string, diagnostics: SourceDiagnostic[]) {
  const bytes = readSourceFile(dir, changelogFile);
  try {
    return parseChangelog(new TextDecoder().decode(bytes), changelogFile);
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    for (const diagnostic of error.diagnostics) diagnostics.push({ code: 'changelog-syntax', ...diagnostic });
    return undefined;
  }
}

/** The fields without which dpkg builds nothing, checked here so that they are reported with all other faults. */
function checkNames(
  sourceStanza: Paragraph,
  binaryStanza: Paragraph,
  changelogSource: string | undefined,
  diagnostics: SourceDiagnostic[],
): { sourceName: string; packageName: string; architecture: string } {
  const need = (stanza: Paragraph, name: string, pattern: RegExp, allowed: string): string => {
    const field = stanza.field(name);
    if (field !== undefined && pattern.test(field.value)) return field.value;
    const what = field === undefined ? 'the field is missing' : `"${field.value}"`;
    const line = field?.line ?? stanza.line;
    const column = field === undefined ? {} : { column: field.column };
    const message = `${what}; allowed: ${allowed}`;
    diagnostics.push({
      code: 'control-field-invalid',
      file: controlFile,
      line,
      ...column,
      field: name,
      message,
    });
    return '';
  };
  const sourceName = need(sourceStanza, 'Source', packagePattern, packageNameRule);
  const binaryName = need(binaryStanza, 'Package', packagePattern, packageNameRule);
  const architecture = need(
    binaryStanza,
    'Architecture',
    /^[a-z0-9][a-z0-9 -]*$/,
    'any, or names of architectures',
  );
  if (changelogSource !== undefined && sourceName !== '' && sourceName !== changelogSource) {
    const message = `"${changelogSource}" is not the Source of ${controlFile}, which is "${sourceName}"`;
    diagnostics.push({ code: 'changelog-syntax', file: changelogFile, line: 1, message });
  }
  return { sourceName, packageName: binaryName, architecture };
}

function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').replace(/^[\s,]+|[\s,]+$/g, '');
}
