import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatDiagnostic, ProdngError } from '../../src/error/prodng-error.ts';
import { parseImage, readImageSource } from '../../src/image/image-source.ts';
import { newImage } from '../../src/image/new-image.ts';
import { readSourceFile } from '../../src/image/source-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function faultsOf(text: string): string[] {
  try {
    parseImage(text, 'image.yaml');
  } catch (error) {
    if (error instanceof ProdngError) return error.diagnostics.map(formatDiagnostic);
    throw error;
  }
  return [];
}

const good = 'name: host\nversion: "1.0"\npackages:\n  - prodng-agent\n';

test('what image new writes is a valid source', async () => {
  const dir = join(folder, 'host');
  expect(await newImage(dir)).toBe('host');
  const image = readImageSource(dir);
  expect(image).toMatchObject({ name: 'host', slotSize: 96 * 2 ** 20, debug: false });
  expect(image.prune.every(({ reason }) => reason !== '')).toBe(true);
  await expect(newImage(dir)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
});

test.each([
  ['an unknown key', `${good}shell: true\n`, 'image.yaml:5:8: shell: unknown key'],
  ['a size without unit', `${good}slotSize: 96\n`, 'image.yaml:5:11: slotSize: '],
  ['a value within a list', `${good}  - Bad_Name\n`, 'image.yaml:5:5: packages.1: a package name'],
  ['a prune rule without reason', `${good}prune:\n  - path: /x\n`, 'image.yaml:6:5: prune.0.reason: '],
  ['a path that climbs out', `${good}jails: [../x.deb]\n`, 'image.yaml:5:9: jails.0: a path without ..'],
  ['bad syntax', 'name: [\n', 'image.yaml:'],
  ['a key given twice', `${good}name: other\n`, 'image.yaml:5:1: '],
  ['an alias', 'name: &a host\nversion: *a\npackages: [x1]\n', 'image.yaml:'],
  ['an empty file', '', 'image.yaml:1:1: '],
])('%s is told with its place', (_, text, expected) => {
  expect(
    faultsOf(text).some((fault) => fault.startsWith(expected)),
    faultsOf(text).join('\n'),
  ).toBe(true);
});

test('an address is one word: white space would make more of it on the line that PID 1 reads', () => {
  expect(
    faultsOf(`${good}network: [{interface: eth0, address: "1.2.3.4/8\\nlink del eth0"}]\n`),
  ).toHaveLength(1);
});

test('whatever text comes, parsing ends with a declaration or an error of ours', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map((text) => good + text),
      ),
      (text) => {
        faultsOf(text);
      },
    ),
  );
});

test('a link in the source is not followed', async () => {
  const dir = await mkdtemp(join(folder, 'links-'));
  await symlink('/etc/passwd', join(dir, 'key.asc'));
  expect(() => readSourceFile(dir, 'key.asc')).toThrow(expect.objectContaining({ code: 'IO' }));
  await writeFile(join(dir, 'plain'), 'x');
  expect(readSourceFile(dir, 'plain').toString()).toBe('x');
  expect(() => readSourceFile(dir, 'none')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
});
