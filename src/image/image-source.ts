import { join } from 'node:path';
import { isCollection, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Diagnostic, ProdngError } from '../error/prodng-error.ts';
import { readFileBeneath } from '../kernel/beneath-file.ts';
import { type ImageDeclaration, imageSchema } from './image-schema.ts';

/** The names of an image source's own files. */
export const imageFile = 'image.yaml';
export const imageLockFile = 'image.lock';

/**
 * Reads image.yaml of an image source.
 *
 * @throws ProdngError CONFIG with a diagnostic (file:line:column) for every fault
 */
export function readImageSource(dir: string): ImageDeclaration {
  const file = join(dir, imageFile);
  const bytes = readFileBeneath(dir, imageFile, 1 << 20);
  if (bytes === undefined)
    throw new ProdngError('CONFIG', `there is no ${file}`, {
      hint: 'make an image source: prodng image new DIR',
    });
  return parseImage(bytes.toString('utf8'), file);
}

/**
 * Parses the text of an image.yaml. Aliases are refused: a small file must not become a large tree.
 *
 * @throws ProdngError CONFIG with a diagnostic for every fault
 */
export function parseImage(text: string, file: string): ImageDeclaration {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true });
  const at = (offset: number, field: string | undefined, message: string): Diagnostic => {
    const { line, col } = lines.linePos(offset);
    const place = { file, line: Math.max(line, 1), column: Math.max(col, 1), message };
    return field === undefined ? place : { ...place, field };
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0)
    throw faults(
      file,
      syntax.map(({ pos, message }) => at(pos[0], undefined, message.split('\n')[0] ?? message)),
    );
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw faults(file, [at(0, undefined, error instanceof Error ? error.message : String(error))]);
  }
  const parsed = imageSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const offsetOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node)) return node.range?.[0] ?? 0;
    }
    return isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
  };
  throw faults(
    file,
    parsed.error.issues.flatMap((issue) =>
      placesOf(issue).map(({ path, message }) => at(offsetOf(path), path.join('.') || undefined, message)),
    ),
  );
}

/** An unknown key is a fault of the key's own place, not of the mapping that it is in. */
function placesOf(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown key' }));
}

function isNode(value: unknown): value is { range?: [number, number, number] | null } {
  return isCollection(value) || (typeof value === 'object' && value !== null && 'range' in value);
}

function faults(file: string, diagnostics: Diagnostic[]): ProdngError {
  return new ProdngError('CONFIG', `${file}: not a valid image source`, {
    diagnostics,
    hint: 'the keys and their values: docs/image.md',
  });
}
