import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Paragraph } from '../control/deb822-types.ts';
import { hasJailFields, type JailPrefix, parseJailDeclaration } from '../control/jail-schema.ts';
import { inspectJailSource } from '../control/jail-source.ts';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { readFileBeneath } from '../kernel/beneath-file.ts';
import type { Lock } from '../lock/lock.ts';
import { ControlLocator } from './locate.ts';
import { overridesFile } from './override-file.ts';
import type { SourceSubject } from './subject.ts';

const controlFile = 'debian/control';

/**
 * Reads a jail source for lint: whatever is wrong with it becomes a diagnostic.
 *
 * @throws ProdngError NOT_A_JAIL_SOURCE, IO
 */
export async function readSourceSubject(dir: string): Promise<SourceSubject> {
  const inspected = inspectJailSource(dir);
  const { source, jailStanza, stanzas, controlText } = inspected;
  const diagnostics = [...inspected.diagnostics];
  const { lock, faults, files } = await readSourceLock(dir, source, stanzas[0], jailStanza);
  const overrides = readFileBeneath(dir, overridesFile);
  const declaration = source?.declaration ?? withoutFaults(jailStanza, diagnostics);
  return {
    kind: 'source',
    path: dir,
    name: jailStanza?.get('Package') ?? '',
    prefix: 'XB-Jail-',
    diagnostics,
    locator: new ControlLocator(controlFile, controlText, jailStanza ?? stanzas[0], 'XB-Jail-'),
    debianFiles: namesIn(join(dir, 'debian')),
    lockFaults: faults,
    files: 2 + files + (overrides === undefined ? 0 : 1),
    entries: 0,
    ...(stanzas[0] === undefined ? {} : { sourceStanza: stanzas[0] }),
    ...(jailStanza === undefined ? {} : { stanza: jailStanza }),
    ...(declaration === undefined ? {} : { declaration }),
    ...(lock === undefined ? {} : { lock }),
    ...(overrides === undefined ? {} : { overrides: { file: overridesFile, text: overrides.toString() } }),
  };
}

/** A folder may allow its files to be opened by name, but not to be listed. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    throw new ProdngError('IO', `${folder}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * The declaration as it would be without its faulty fields, so that the checks of all others still say what they
 * have to say.
 */
export function withoutFaults(
  stanza: Paragraph | undefined,
  diagnostics: readonly { field?: string; line: number }[],
  prefix: JailPrefix = 'XB-Jail-',
) {
  if (stanza === undefined || !hasJailFields(stanza)) return undefined;
  const faulty = new Set(diagnostics.map(({ field }) => field));
  const kept = new Paragraph(
    stanza.fields.filter(({ name }) => !faulty.has(name)),
    stanza.line,
  );
  return parseJailDeclaration(kept, controlFile, prefix).declaration;
}

async function readSourceLock(
  dir: string,
  source: { buildDepends: string; depends: string } | undefined,
  sourceStanza: Paragraph | undefined,
  jailStanza: Paragraph | undefined,
): Promise<{ lock?: Lock; faults: string[]; files: number }> {
  const bytes = readFileBeneath(dir, 'debian/jail.lock');
  if (bytes === undefined) return { faults: [], files: 0 };
  const { parseLock } = await import('../lock/lock-parser.ts');
  let lock: Lock;
  try {
    lock = parseLock(bytes, 'debian/jail.lock');
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    return { faults: error.diagnostics.map(({ line, message }) => `line ${line}: ${message}`), files: 1 };
  }
  const relations = source ?? relationsOf(sourceStanza, jailStanza);
  const { sourceFaults } = await import('../lock/staleness.ts');
  try {
    return { lock, faults: sourceFaults(lock, relations, lock.architecture), files: 1 };
  } catch (error) {
    if (error instanceof ProdngError) return { lock, faults: [error.message], files: 1 };
    throw error;
  }
}

function relationsOf(sourceStanza: Paragraph | undefined, jailStanza: Paragraph | undefined) {
  const oneLine = (text: string | undefined): string =>
    (text ?? '').replace(/\s+/g, ' ').replace(/^[\s,]+|[\s,]+$/g, '');
  const buildDepends = ['Build-Depends', 'Build-Depends-Arch', 'Build-Depends-Indep']
    .map((name) => oneLine(sourceStanza?.get(name)))
    .filter((text) => text !== '')
    .join(', ');
  return { buildDepends, depends: oneLine(jailStanza?.get('Depends')) };
}
