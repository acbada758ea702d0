import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { stripClearsign } from '../../control/clearsigned.ts';
import { parseDeb822 } from '../../control/deb822.ts';
import type { Paragraph } from '../../control/deb822-types.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { openFileBeneath, readFileBeneath } from '../../kernel/beneath-file.ts';

/** A file that a .dsc names. */
export interface DscFile {
  name: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/** A source package as its .dsc describes it, dsc(5). */
export interface Dsc {
  path: string;
  /** The bytes that were parsed. */
  bytes: Buffer;
  stanza: Paragraph;
  files: readonly DscFile[];
}

/**
 * Reads a .dsc. Its signature is not checked: a build of it is confined, and its lock and evidence name its bytes.
 *
 * @throws ProdngError IO, CONTROL_SYNTAX when it is none or lacks what dsc(5) asks for
 */
export async function readDsc(path: string): Promise<Dsc> {
  const bytes = readFileBeneath(dirname(path), basename(path));
  if (bytes === undefined) throw new ProdngError('IO', `${path}: cannot be read: no such file or directory`);
  const [stanza] = parseDeb822(stripClearsign(bytes.toString('utf8')).text, path);
  if (stanza === undefined) throw new ProdngError('CONTROL_SYNTAX', `${path}: an empty .dsc`);
  const files = (stanza.get('Checksums-Sha256') ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => parseFile(line, path));
  if (files.length > 0) return { path, bytes, stanza, files };
  throw new ProdngError('CONTROL_SYNTAX', `${path}: Checksums-Sha256: the field is missing or empty`, {
    hint: 'a .dsc of dpkg-source has it since 2008',
  });
}

/** A file name of a .dsc is a plain name: it must not lead out of the folder. */
function parseFile(line: string, path: string): DscFile {
  const [, sha256, size, name] = /^([0-9a-f]{64}) +(\d{1,12}) +([\w+.~%:-]+)$/.exec(line) ?? [];
  if (sha256 !== undefined && size !== undefined && name !== undefined && !/^\.{1,2}$/.test(name))
    return { name, size: Number(size), sha256 };
  throw new ProdngError(
    'CONTROL_SYNTAX',
    `${path}: Checksums-Sha256: ${JSON.stringify(line)}; allowed: SHA-256, size and a plain file name`,
  );
}

/**
 * Copies a .dsc and its files to a folder; each is checked as it is copied, so that what is built is what was checked.
 *
 * @throws ProdngError HASH_MISMATCH naming the file, IO when one is missing
 */
export async function copyDsc(dsc: Dsc, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, basename(dsc.path)), dsc.bytes);
  for (const file of dsc.files) await copyChecked(dirname(dsc.path), file, folder);
}

async function copyChecked(beside: string, file: DscFile, folder: string): Promise<void> {
  const from = join(beside, file.name);
  const hint = 'a .dsc is built with the files that it names beside it';
  const fd = openFileBeneath(beside, file.name);
  if (fd === undefined)
    throw new ProdngError('IO', `${from}: cannot be read: no such file or directory`, { hint });
  const hash = createHash('sha256');
  let size = 0;
  try {
    const source = createReadStream('', { fd });
    source.on('data', (chunk) => {
      size += chunk.length;
      hash.update(chunk);
    });
    await pipeline(source, createWriteStream(join(folder, file.name), { flags: 'wx' }));
  } catch (error) {
    throw new ProdngError('IO', `${from}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
      hint,
    });
  }
  const found = hash.digest('hex');
  if (found === file.sha256 && size === file.size) return;
  throw new ProdngError('HASH_MISMATCH', `${from}: has SHA-256 ${found}, the .dsc names ${file.sha256}`, {
    hint: 'the file is damaged or belongs to another .dsc: fetch it again',
  });
}
