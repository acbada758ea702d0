import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type DebLimits, openDeb } from '../../src/archive/deb-reader.ts';
import { type ExtractOptions, extractDeb } from '../../src/archive/extract.ts';
import type { ErrorCode } from '../../src/error/codes.ts';
import { ProdngError } from '../../src/error/prodng-error.ts';

export interface Refusal {
  code: ErrorCode;
  message: string | RegExp;
}

export interface UnpackOptions extends ExtractOptions {
  limits?: DebLimits;
}

/** Unpacks the file; the descriptor of the .deb is closed again in any case. */
export async function unpack(deb: string, target: string, options: UnpackOptions = {}): Promise<void> {
  const { limits, ...rest } = options;
  const reader = await openDeb(deb, limits);
  try {
    await reader.controlFiles();
    await extractDeb(reader, target, { durable: false, ...rest });
  } finally {
    await reader.close();
  }
}

/**
 * Unpacks a .deb into a folder whose neighbours are bait, and expects that it is refused and that nothing there has
 * changed, nothing is left and no descriptor stays open.
 */
export async function expectRefusal(
  scratch: string,
  deb: Buffer,
  refusal: Refusal,
  options: UnpackOptions = {},
): Promise<void> {
  const place = mkdtempSync(join(scratch, 'refusal-'));
  const file = join(place, 'hostile.deb');
  writeFileSync(file, deb);
  mkdirSync(join(place, 'outside'));
  writeFileSync(join(place, 'outside/victim'), 'untouched');
  writeFileSync(join(place, 'victim'), 'untouched');
  symlinkSync('outside', join(place, 'door'));
  const before = snapshot(place);
  const descriptors = readdirSync('/proc/self/fd').length;
  const error = await unpack(file, join(place, 'target'), options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ProdngError);
  expect(error).toMatchObject({ code: refusal.code });
  expect(error instanceof Error && error.message).toMatch(refusal.message);
  expect(snapshot(place)).toEqual(before);
  expect(readdirSync('/proc/self/fd').length).toBe(descriptors);
}

/** Every path below a folder with what a write would change. */
export function snapshot(folder: string): Record<string, unknown> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      const { mode, ino, nlink, size } = lstatSync(path);
      const content = lstatSync(path).isFile() && size < 4096 ? readFileSync(path, 'latin1') : '';
      return [name, { mode, ino, nlink, size, content }];
    }),
  );
}
