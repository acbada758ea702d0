import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readDeb822 } from '../../control/deb822.ts';
import type { Field, Paragraph } from '../../control/deb822-types.ts';
import { hasJailFields } from '../../control/jail-schema.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { openFileBeneath } from '../../kernel/beneath-file.ts';
import { writeBeneath } from '../../output/write-output.ts';
import { ownValue } from '../../system/own-value.ts';
import { run } from '../../system/process.ts';
import { fixedCapabilities } from './fix-capabilities.ts';
import { fixedFieldName } from './fix-field-name.ts';
import { fixedFilesystem } from './fix-filesystem.ts';
import { fixedListen } from './fix-listen.ts';

const controlFile = 'debian/control';

/** Returns the fixed lines of a value; the same lines if there is nothing to fix, none to drop the field. */
export type FieldFixer = (lines: readonly string[]) => readonly string[];

const fixers: Readonly<Record<string, FieldFixer>> = {
  'xb-jail-capabilities': fixedCapabilities,
  'xb-jail-listen': fixedListen,
  'xb-jail-filesystem': fixedFilesystem,
};

/**
 * Applies safe fixes to a source's debian/control: names that are misspelled, lists that are unsorted or have
 * repetitions, paths that are not normalised, capabilities that can never work. Everything else stays as it is,
 * comments and order included.
 *
 * @returns the change as a unified diff; empty if there was nothing to fix
 * @throws ProdngError IO, CONTROL_SYNTAX when the file is no deb822
 */
export async function fixSource(dir: string): Promise<string> {
  const path = join(dir, controlFile);
  const { text: before, mode } = readControl(dir);
  const after = fixedControl(before, path);
  if (after === before) return '';
  const { stdout } = await run(
    ['diff', '-u', '--label', `a/${controlFile}`, '--label', `b/${controlFile}`, '--', resolve(path), '-'],
    { input: after, accept: [0, 1] },
  );
  await writeBeneath(dir, controlFile, after, mode);
  return stdout.endsWith('\n') ? stdout : `${stdout}\n`;
}

function readControl(dir: string): { text: string; mode: number } {
  const fd = openFileBeneath(dir, controlFile);
  if (fd === undefined)
    throw new ProdngError('IO', `${join(dir, controlFile)}: cannot be read: no such file or directory`);
  try {
    return { text: readFileSync(fd, 'utf8'), mode: fstatSync(fd).mode & 0o777 };
  } finally {
    closeSync(fd);
  }
}

/** A control file with its mechanical faults fixed. */
export function fixedControl(text: string, file: string): string {
  const { paragraphs, diagnostics } = readDeb822(text, file);
  if (diagnostics.length > 0)
    throw new ProdngError('CONTROL_SYNTAX', `${file}: cannot be fixed because it cannot be parsed`, {
      diagnostics,
    });
  const stanza = paragraphs.slice(1).find(hasJailFields);
  if (stanza === undefined) return text;
  const lines = text.split('\n');
  // from the last to the first: what changes the number of lines moves only what is done already
  for (const field of stanza.fields.toReversed()) fixField(lines, field, stanza);
  return lines.join('\n');
}

function fixField(lines: string[], field: Field, stanza: Paragraph): void {
  const values = field.lines();
  const last = values.at(-1)?.line ?? field.line;
  // comments between the lines of a value belong to somebody; such a value is not touched
  if (last - field.line + 1 !== values.length) return;
  const name = fixedFieldName(field.name, stanza);
  const fixer = ownValue(fixers, name.toLowerCase());
  const before = values.map(({ text }) => text);
  const after = fixer === undefined ? before : fixer(before);
  const isSame = after.length === before.length && after.every((line, index) => line === before[index]);
  if (isSame && name === field.name) return;
  const written = isSame
    ? [(lines[field.line - 1] ?? '').replace(field.name, name), ...lines.slice(field.line, last)]
    : after.map((line, index) => (index === 0 ? `${name}:${line === '' ? '' : ` ${line}`}` : ` ${line}`));
  lines.splice(field.line - 1, values.length, ...written);
}
