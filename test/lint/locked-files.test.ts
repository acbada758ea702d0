import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Example } from '../../src/lint/example.ts';
import { lintPath } from '../../src/lint/lint.ts';
import type { PackageFiles } from '../../src/lint/locked-files.ts';
import { writeExampleDeb } from './support/example-deb.ts';
import { tagsOf } from './support/lint-example.ts';

const withoutDoc: Example = { rootfs: { 'usr/share/doc/libc6/copyright': null } };
const libc = ['usr/lib/x86_64-linux-gnu/libc.so.6'];

/** Whether lint says that the lock and the rootfs differ. */
async function isMismatch(example: Example, packageFiles?: PackageFiles): Promise<boolean> {
  const scratch = mkdtempSync(join(tmpdir(), 'prodng-lint-'));
  try {
    const path = join(scratch, 'hello_1.0_amd64.deb');
    writeExampleDeb(path, example);
    const [result] = await lintPath(path, packageFiles === undefined ? {} : { packageFiles });
    if (result === undefined) throw new Error('lint gave no result');
    return tagsOf(result).includes('lock-mismatch');
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

it('a package without documentation is in the rootfs when its files are, or when its .deb is not at hand', async () => {
  expect(await isMismatch(withoutDoc, async () => libc)).toBe(false);
  expect(await isMismatch(withoutDoc, async () => undefined)).toBe(false);
  expect(await isMismatch(withoutDoc)).toBe(false);
});

it('a locked package of which no file is in the rootfs is missing', async () => {
  expect(await isMismatch(withoutDoc, async () => ['usr/bin/elsewhere'])).toBe(true);
  // all that it has is pruned
  expect(
    await isMismatch(withoutDoc, async () => ['usr/share/lintian/overrides/libc6', 'var/lib/dpkg/x']),
  ).toBe(false);
});

it('documentation under another name than that of its package is no foreign package', async () => {
  const strange: Example = { rootfs: { 'usr/share/doc/glibc-docs/copyright': 'x\n' } };
  expect(await isMismatch(strange, async () => ['usr/share/doc/glibc-docs/copyright'])).toBe(false);
  expect(await isMismatch(strange, async () => libc)).toBe(true);
  expect(await isMismatch(strange)).toBe(true);
});
