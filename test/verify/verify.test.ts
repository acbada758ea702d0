import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BuildResult } from '../../src/build/build-source.ts';
import { readKeyring } from '../../src/sign/keyring.ts';
import { signDeb } from '../../src/sign/sign-deb.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { type Check, type CheckId, notPossible, passed } from '../../src/verify/checks/check.ts';
import type { Trust } from '../../src/verify/checks/check-signature.ts';
import { verificationStatus, verifyDeb } from '../../src/verify/verify.ts';
import { makeScratch, makeSigner, type Scratch, writeKeyring } from '../sign/signing.ts';
import { runProdng } from '../support/prodng.ts';
import { build, newSource, repack, testPaths } from './built-jail.ts';

const scratch = mkdtempSync('/var/tmp/prodng-verify-');
const timeout = 300_000;
let built: BuildResult;
let keys: Scratch;
let signer: Signer;
let stranger: Signer;
let trust: Trust;

beforeAll(async () => {
  built = await build(await newSource(scratch), join(scratch, 'built'));
  keys = await makeScratch();
  signer = await makeSigner(keys.store, 'release');
  stranger = await makeSigner(keys.store, 'stranger');
  const keyring = await writeKeyring(keys.store, join(keys.folder, 'keyring.gpg'), [signer.fingerprint]);
  trust = { keyring: await readKeyring(keyring) };
}, timeout);
afterAll(async () => {
  await keys.remove();
  rmSync(scratch, { recursive: true, force: true });
});

let count = 0;

/** A folder with the .deb, and with what stands beside it. */
function copy(withEvidence = true): { folder: string; deb: string } {
  count += 1;
  const folder = join(scratch, String(count));
  mkdirSync(folder);
  for (const file of readdirSync(join(scratch, 'built')))
    if (withEvidence || file.endsWith('.deb')) copyFileSync(join(scratch, 'built', file), join(folder, file));
  return { folder, deb: join(folder, basename(built.path)) };
}

async function verify(deb: string, whom?: Trust): Promise<Check[]> {
  const { checks } = await verifyDeb(deb, {
    paths: await testPaths(),
    archives: [],
    ...(whom === undefined ? {} : { trust: whom }),
  });
  return checks;
}

function failedOf(checks: readonly Check[]): CheckId[] {
  return checks.filter(({ status }) => status === 'failed').map(({ id }) => id);
}

function messageOf(checks: readonly Check[], id: CheckId): string {
  const check = checks.find((each) => each.id === id);
  return [check?.message, ...(check?.findings ?? [])].join('\n');
}

test('a jail that was just built and signed passes every check', { timeout }, async () => {
  const { deb } = copy();
  await signDeb(deb, { signers: [signer] });
  const checks = await verify(deb, trust);
  expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect(checks).toHaveLength(9);
  expect(messageOf(checks, 'signature')).toContain('release@example.org');
  expect(messageOf(checks, 'rootfs')).toMatch(/^\d{3,} paths of \d+ packages/);
});

test('what cannot be checked is no pass: nothing beside it, no keys', { timeout }, async () => {
  const { deb } = copy(false);
  const checks = await verify(deb);
  const open = checks.filter(({ status }) => status === 'not-possible').map(({ id }) => id);
  expect(open).toEqual(['content', 'signature', 'sbom', 'provenance']);
  expect(verificationStatus(checks)).toBe(0);
  expect(verificationStatus(checks, ['signature'])).toBe(1);
  expect(verificationStatus([])).toBe(1);
  expect(verificationStatus([notPossible('lock', 'no reason')])).toBe(1);
  expect(verificationStatus([passed('lock', 'fine'), notPossible('sbom', 'none')])).toBe(0);
});

test('one flipped byte is a fault of the structure', { timeout }, async () => {
  const { deb } = copy();
  const bytes = readFileSync(deb);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(deb, bytes);
  expect(failedOf(await verify(deb))).toEqual(['structure']);
});

test('a further member is a fault of the structure', { timeout }, async () => {
  const { folder, deb } = copy();
  writeFileSync(join(folder, 'extra'), 'extra\n');
  execFileSync('ar', ['q', deb, join(folder, 'extra')], { stdio: 'pipe' });
  const checks = await verify(deb);
  expect(failedOf(checks)).toEqual(['structure']);
  expect(messageOf(checks, 'structure')).toContain('unexpected member extra');
});

const jail = 'usr/lib/prodng/jails/hello';

test('a file of the jail that was changed has another MD5', { timeout }, async () => {
  const { folder, deb } = copy(false);
  const changed = repack(deb, folder, (root) => {
    writeFileSync(join(root, jail, 'rootfs/usr/share/hello/service.py'), 'import os\n');
  });
  const checks = await verify(changed);
  expect(failedOf(checks)).toEqual(['md5sums']);
  expect(messageOf(checks, 'md5sums')).toContain('service.py: has MD5');
});

/** As whoever tampers would: the sums are made to fit. */
function refreshSums(root: string): void {
  const command =
    "find usr -type f -printf '%P\\0' | sort -z | sed -z 's,^,usr/,' | xargs -0 md5sum >DEBIAN/md5sums";
  execFileSync('sh', ['-c', command], { cwd: root });
}

test('a file of a locked package with other bytes is named with its package', { timeout }, async () => {
  const { folder, deb } = copy(false);
  const changed = repack(deb, folder, (root) => {
    const file = execFileSync('find', [join(root, jail, 'rootfs/usr/lib'), '-name', 'libc.so.6'], {
      encoding: 'utf8',
    });
    writeFileSync(file.trim(), Buffer.concat([readFileSync(file.trim()), Buffer.from('x')]));
    refreshSums(root);
  });
  const checks = await verify(changed);
  expect(failedOf(checks)).toEqual(['rootfs']);
  expect(messageOf(checks, 'rootfs')).toMatch(/libc\.so\.6 of libc6: it has other bytes/);
});

test('a lock that was edited by hand is no lock, and one that names other bytes does not fit', {
  timeout,
}, async () => {
  const edit = async (change: (text: string) => string): Promise<Check[]> => {
    const { folder, deb } = copy(false);
    return await verify(
      repack(deb, folder, (root) => {
        const lock = join(root, jail, 'jail.lock');
        const text = readFileSync(lock, 'utf8');
        expect(change(text)).not.toBe(text);
        writeFileSync(lock, change(text));
        refreshSums(root);
      }),
    );
  };
  const broken = await edit((text) => text.replace(/^SHA256: .*/m, 'SHA256: none'));
  expect(failedOf(broken)).toEqual(['lock']);
  const commented = await edit((text) => `# reviewed\n${text}`);
  expect(failedOf(commented)).toEqual(['lock']);
  const other = await edit((text) => text.replace(/^(Package: libc6\nVersion: ).*/m, '$19.9-1'));
  expect(failedOf(other)).toEqual(['rootfs']);
  expect(messageOf(other, 'rootfs')).toMatch(/the lock names libc6 9\.9-1 .*, its \.deb is libc6 2/);
});

test('a maintainer script is a fault of the structure', { timeout }, async () => {
  const { folder, deb } = copy(false);
  const changed = repack(deb, folder, (root) => {
    writeFileSync(join(root, 'DEBIAN/postinst'), '#!/bin/sh\n', { mode: 0o755 });
  });
  const checks = await verify(changed);
  expect(failedOf(checks)).toEqual(['structure']);
  expect(messageOf(checks, 'structure')).toContain('postinst');
});

test('an SBOM that omits a package is reported, with the package', { timeout }, async () => {
  const { deb } = copy();
  const file = deb.replace(/deb$/, 'cdx.json');
  const sbom: { components: { name: string }[] } = JSON.parse(readFileSync(file, 'utf8'));
  sbom.components = sbom.components.filter(({ name }) => name !== 'libc6');
  writeFileSync(file, JSON.stringify(sbom));
  const checks = await verify(deb);
  expect(failedOf(checks)).toEqual(['sbom']);
  expect(messageOf(checks, 'sbom')).toContain('it omits libc6 ');
});

test('a provenance of other bytes proves nothing of these', { timeout }, async () => {
  const { deb } = copy();
  const file = deb.replace(/deb$/, 'provenance.json');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(built.sha256, 'a'.repeat(64)));
  expect(failedOf(await verify(deb))).toEqual(['provenance']);
});

test('a .buildinfo of other bytes is a fault of the content', { timeout }, async () => {
  const { folder, deb } = copy();
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.buildinfo')) ?? '');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(built.sha256, 'a'.repeat(64)));
  expect(failedOf(await verify(deb))).toEqual(['content']);
});

test('no signature, a stranger, and a signature over other bytes each fail that check', {
  timeout,
}, async () => {
  const unsigned = copy();
  expect(failedOf(await verify(unsigned.deb, trust))).toEqual(['signature']);

  const strange = copy();
  await signDeb(strange.deb, { signers: [stranger] });
  const checks = await verify(strange.deb, trust);
  expect(failedOf(checks)).toEqual(['signature']);
  expect(messageOf(checks, 'signature')).toContain('not in the keyring');

  const moved = copy();
  await signDeb(keys.deb, { signers: [signer] });
  const signed = readFileSync(keys.deb);
  const member = signed.subarray(signed.lastIndexOf('_gpgorigin'));
  writeFileSync(moved.deb, Buffer.concat([readFileSync(moved.deb), member]));
  const bad = await verify(moved.deb, trust);
  expect(failedOf(bad)).toEqual(['signature']);
  expect(messageOf(bad, 'signature')).toContain('other bytes');
});

test('an ordinary package is checked as far as it goes', { timeout }, async () => {
  const checks = await verify(keys.deb, trust);
  expect(failedOf(checks)).toEqual([]);
  expect(checks.find(({ id }) => id === 'lock')).toMatchObject({ status: 'not-possible' });
  expect(checks.find(({ id }) => id === 'control')).toMatchObject({ status: 'passed' });
});

test('a source that is none, or that makes another package, is refused before anything is rebuilt', async () => {
  const { deb } = copy(false);
  const other = join(scratch, 'other');
  await runProdng(['new', 'c-service', other]);
  const refusal = async (source: string) => await runProdng(['verify', '--rebuild', deb, '--source', source]);
  const absent = join(scratch, 'absent');
  expect(await refusal(absent)).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining(`${absent}: no jail source: there is no debian/control`),
  });
  expect(await refusal(other)).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining(`${other}: makes other 0.1.0, not hello 0.1.0`),
  });
});
