import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { recallDeb, rememberDeb } from '../../src/jail/storage/known-deb.ts';
import { prodngPaths } from '../../src/system/paths.ts';

const known = { sha256: 'ab'.repeat(32), control: 'Package: box\nDescription: x\n y' };
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync('/var/tmp/prodng-known-');
  file = join(folder, 'box.deb');
  writeFileSync(file, 'first');
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const paths = () => prodngPaths({ PRODNG_CACHE_DIR: join(folder, 'cache'), PRODNG_STATE_DIR: folder });
const about = () => statSync(file, { bigint: true });

/** A file that has been there for a while: whatever was written within a tick of the kernel's clock looks the same. */
function rememberLater(): void {
  vi.useFakeTimers({ now: Date.now() + 10_000, toFake: ['Date'] });
  rememberDeb(about(), known, paths());
  vi.useRealTimers();
}

it('is known again as long as the file is unchanged', () => {
  expect(recallDeb(about(), paths())).toBeUndefined();
  rememberLater();
  expect(recallDeb(about(), paths())).toEqual(known);
});

it('is not known again when its bytes differ, whatever their time', () => {
  rememberLater();
  const { atime, mtime } = statSync(file);
  writeFileSync(file, 'other');
  utimesSync(file, atime, mtime);
  expect(recallDeb(about(), paths())).toBeUndefined();
});

it('is not remembered right after it was written', () => {
  rememberDeb(about(), known, paths());
  expect(recallDeb(about(), paths())).toBeUndefined();
});

it('is read again when its record is incomplete', () => {
  rememberLater();
  const kept = join(folder, 'cache/known-debs');
  const [name = ''] = readdirSync(kept);
  truncateSync(join(kept, name), 40);
  expect(recallDeb(about(), paths())).toBeUndefined();
  rememberLater();
  appendFileSync(join(kept, name), 'x');
  expect(recallDeb(about(), paths())).toBeUndefined();
});
