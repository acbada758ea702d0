import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { makeUnnamedFile } from '../../src/output/unnamed-file.ts';
import { writeNewFolder } from '../../src/template/new-folder.ts';
import { everyLoss } from '../export/exporting.ts';
import { makePublishing, type Publishing } from '../publish/publishing.ts';
import { runProdng } from '../support/prodng.ts';

// Issue 11, item 1, for what makes folders and bundles: export, publish, new, evidence.

vi.setConfig({ testTimeout: 120_000 });

const secret = 'secret line\n';
const scratch = mkdtempSync(join(tmpdir(), 'prodng-item-01-'));
let publishing: Publishing;
let deb: string;
let folder: string;
/** A folder of the host with a file that must stay as it is, and that nothing may come into. */
let outside: string;

beforeAll(async () => {
  publishing = await makePublishing();
  deb = await publishing.jail('web', '1.0-1');
});
beforeEach(() => {
  folder = mkdtempSync(join(scratch, 'folder-'));
  outside = mkdtempSync(join(scratch, 'outside-'));
  writeFileSync(join(outside, 'key'), secret);
});
afterAll(() => {
  publishing.remove();
  rmSync(scratch, { recursive: true, force: true });
});

function expectOutsideUntouched(): void {
  expect(readdirSync(outside)).toEqual(['key']);
  expect(readFileSync(join(outside, 'key'), 'utf8')).toBe(secret);
}

const exportTo = (format: string, output: string) =>
  runProdng(['export', deb, '--format', format, '--accept-loss', everyLoss, '--output', output]);

test('export and new leave links and files alone that have the names of their temporary folders', async () => {
  for (const name of ['out', 'hello']) {
    symlinkSync(outside, join(folder, `${name}.tmp-0123456789ab`));
    writeFileSync(join(folder, `${name}.tmp-ba9876543210`), 'mine');
  }
  const exported = await exportTo('quadlet', join(folder, 'out'));
  expect(exported).toMatchObject({ status: 0 });
  await writeNewFolder(join(folder, 'hello'), [{ path: 'a', content: 'a', executable: false }]);
  expectOutsideUntouched();
  expect(readdirSync(join(folder, 'out'))).toContain('web.container');
  expect(readFileSync(join(folder, 'out.tmp-ba9876543210'), 'utf8')).toBe('mine');
});

test.each(['oci', 'quadlet'])('export --format %s writes through no link of the name', async (format) => {
  symlinkSync(join(outside, 'new'), join(folder, 'out'));
  const { status, stderr } = await exportTo(format, join(folder, 'out'));
  expect(stderr).toContain('exists already');
  expect(status).toBe(2);
  expectOutsideUntouched();
  expect(readdirSync(folder)).toEqual(['out']);
});

test.each(['.cdx.json', '.intoto.jsonl', '.provenance.json'])(
  'no file of the host is exported or published as %s, through a link beside a .deb',
  async (suffix) => {
    const archive = join(folder, 'archive');
    const link = deb.replace(/\.deb$/, suffix);
    symlinkSync(join(outside, 'key'), link);
    try {
      for (const ended of [
        await exportTo('oci', join(folder, 'out')),
        await publishing.publish([archive, deb, '--suite', 'staging']),
      ]) {
        expect(ended.stderr).toContain(`${suffix}: is a symbolic link`);
        expect(ended.stderr).not.toContain(secret.trim());
        expect(ended.status).toBe(2);
      }
    } finally {
      rmSync(link);
    }
    expect(existsSync(join(folder, 'out'))).toBe(false);
    expect(existsSync(join(archive, 'dists'))).toBe(false);
  },
);

test.each([
  ['archive-keyring.asc', 0],
  ['.prodng/lock', 2],
  ['.prodng/stage-0123456789ab', 0],
  ['dists', 2],
  ['pool', 2],
])('publish writes and removes nothing through a link at %s', async (path, status) => {
  const archive = join(folder, 'archive');
  mkdirSync(join(archive, '.prodng'), { recursive: true });
  const isFile = path.endsWith('.asc') || path.endsWith('lock');
  symlinkSync(isFile ? join(outside, 'new') : outside, join(archive, path));
  const ended = await publishing.publish([archive, deb, '--suite', 'staging']);
  expect(ended.stderr).toMatch(status === 0 ? /^/ : /symbolic link/);
  expect(ended.status).toBe(status);
  expectOutsideUntouched();
});

test('a bundle replaces nothing, and stays in the folder that was opened', async () => {
  const place = join(folder, 'place');
  mkdirSync(place);
  const taken = makeUnnamedFile(join(place, 'taken'));
  symlinkSync(join(outside, 'new'), join(place, 'taken'));
  await expect(taken.publish()).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
  taken.close();
  expect(() => makeUnnamedFile(join(place, 'taken'))).toThrow(/exists already/);
  const file = makeUnnamedFile(join(place, 'bundle'));
  writeSync(file.fd, 'bytes');
  renameSync(place, join(folder, 'moved'));
  symlinkSync(outside, place);
  await file.publish();
  file.close();
  expectOutsideUntouched();
  expect(readFileSync(join(folder, 'moved/bundle'), 'utf8')).toBe('bytes');
});
