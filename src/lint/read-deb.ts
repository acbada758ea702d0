import { type DebReader, openDeb } from '../archive/deb-reader.ts';
import type { TarEntry, TarItem } from '../archive/entry.ts';
import { readDeb822 } from '../control/deb822.ts';
import type { Paragraph } from '../control/deb822-types.ts';
import { parseJailDeclaration } from '../control/jail-schema.ts';
import { packagePattern } from '../control/package-name.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { Lock } from '../lock/lock.ts';
import { DebCollector } from './deb-collector.ts';
import { ControlLocator } from './locate.ts';
import { withoutFaults } from './read-source.ts';
import type { DebSubject } from './subject.ts';

const maxControl = 2 ** 20;

/**
 * Reads a built jail for lint, in one pass over its entries. What is wrong with the package becomes a finding; what
 * is no .deb at all, or would not be unpacked, is an error.
 *
 * @throws what openDeb and its iteration throw: IO, AR_FORMAT, DEB_FORMAT, TAR_FORMAT, ENTRY_REFUSED, COMPRESSION
 */
export async function readDebSubject(path: string): Promise<DebSubject> {
  const deb = await openDeb(path);
  try {
    return await readSubject(path, deb);
  } finally {
    await deb.close();
  }
}

async function readSubject(path: string, deb: DebReader): Promise<DebSubject> {
  const reading = await beginDebSubject(path, deb);
  for await (const item of deb.data({ transient: true })) await collect(reading, item);
  return await reading.end();
}

/** A built jail that is read for lint while another reader goes over its entries. */
export interface DebReading {
  entry(entry: TarEntry): void;
  /** The next piece of the content of the last entry. */
  piece(bytes: Uint8Array): void;
  end(): Promise<DebSubject>;
}

/**
 * Reads the control files, and takes the entries from the caller.
 *
 * @param path the name that findings carry
 * @throws ProdngError as readDebSubject
 */
export async function beginDebSubject(path: string, deb: DebReader): Promise<DebReading> {
  const controlFiles = await deb.controlFiles();
  const control = controlFiles.get('control');
  if (control === undefined)
    throw new ProdngError('DEB_FORMAT', `${path}: no control file`, {
      hint: 'jails are made by: prodng build',
    });
  const { paragraphs, diagnostics: faults } = readDeb822(control, 'control');
  const stanza = paragraphs[0];
  const diagnostics = faults.map((fault) => ({ code: 'control-syntax', ...fault }));
  const declaration = readDeclaration(stanza, diagnostics);
  const name = packageName(stanza);
  const collector = new DebCollector(name, declaration?.command ?? []);
  let inFile = false;
  const endFile = (): void => {
    if (inFile) collector.endFile();
    inFile = false;
  };
  return {
    entry(entry) {
      endFile();
      collector.begin(entry);
      inFile = entry.type === 'file';
    },
    piece: (bytes) => collector.update(bytes),
    async end() {
      endFile();
      const model = collector.finish({
        members: deb.members.map((member) => member.name),
        compression: deb.dataCompression,
        controlFiles,
      });
      const { lock, fault } = await readLock(model.deb.lockText);
      return {
        kind: 'deb',
        path,
        name,
        prefix: 'Jail-',
        diagnostics,
        locator: new ControlLocator('control', control.subarray(0, maxControl).toString(), stanza, 'Jail-'),
        deb: fault === undefined ? model.deb : { ...model.deb, lockFault: fault },
        rootfs: model.rootfs,
        files: controlFiles.size,
        entries: model.deb.entries.length,
        ...(stanza === undefined ? {} : { stanza }),
        ...(declaration === undefined ? {} : { declaration }),
        ...(lock === undefined ? {} : { lock }),
        ...(model.overrides === undefined
          ? {}
          : { overrides: { file: model.overrides.path, text: model.overrides.text } }),
      };
    },
  };
}

async function collect(reading: DebReading, { entry, content }: TarItem): Promise<void> {
  reading.entry(entry);
  if (entry.type === 'file' && entry.size > 0) for await (const piece of content) reading.piece(piece);
}

function readDeclaration(stanza: Paragraph | undefined, diagnostics: DebSubject['diagnostics'][number][]) {
  if (stanza === undefined) return undefined;
  const parsed = parseJailDeclaration(stanza, 'control', 'Jail-');
  diagnostics.push(...parsed.diagnostics);
  return parsed.declaration ?? withoutFaults(stanza, parsed.diagnostics, 'Jail-');
}

/** The name only matters as a folder's: an invalid package name has its own tag. */
function packageName(stanza: Paragraph | undefined): string {
  const name = stanza?.get('Package') ?? '';
  return packagePattern.test(name) ? name : '';
}

async function readLock(text: string | undefined): Promise<{ lock?: Lock; fault?: string }> {
  if (text === undefined) return {};
  const { parseLock } = await import('../lock/lock-parser.ts');
  try {
    return { lock: parseLock(text, 'jail.lock') };
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    const first = error.diagnostics[0];
    return { fault: first === undefined ? error.message : `line ${first.line}: ${first.message}` };
  }
}
