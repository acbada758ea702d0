import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeDeb } from '../sign/signing.ts';
import { runProdng } from '../support/prodng.ts';
import { makeSigningKey } from '../support/signing-key.ts';
import {
  auditSuite,
  fingerprint,
  leftovers,
  makePublishing,
  newFolder,
  type Publishing,
} from './publishing.ts';

vi.setConfig({ testTimeout: 120_000 });

let publishing: Publishing;
let good: string;
/** An archive with web=1.3-1 in staging, and the next version that is to be published. */
let archive: string;
let next: string;
let before: string[];

beforeAll(async () => {
  publishing = await makePublishing();
  good = join(publishing.folder, 'good');
  next = await publishing.jail('web', '1.4-1');
  await publishing.ok(good, await publishing.jail('web', '1.3-1'), '--suite', 'staging');
});

beforeEach(() => {
  archive = publishing.archive;
  cpSync(good, archive, { recursive: true });
  before = fingerprint(archive);
});

afterEach(() => rmSync(archive, { recursive: true, force: true }));
afterAll(() => publishing.remove());

const publish = (...argv: string[]) => publishing.publish([archive, '--suite', 'staging', ...argv]);

/** The archive is as it was, and nothing lies about. */
function expectUntouched(): void {
  expect(leftovers(archive)).toEqual([]);
  expect(fingerprint(archive)).toEqual(before);
}

describe('what is refused', () => {
  it('a .deb that is no jail, unless --plain takes it', async () => {
    const deb = await makeDeb(publishing.folder, 'plain');
    expect(await publish(deb)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('not a jail: its control has no Jail-* fields'),
    });
    expectUntouched();
    await publishing.ok(archive, '--suite', 'staging', '--plain', deb);
    expect(auditSuite(archive, 'staging')).toEqual(['plain=1.0', 'web=1.3-1']);
  });

  it('a jail whose bytes are not those of its md5sums', async () => {
    const deb = await publishing.jail('bad', '1-1', {
      links: { 'bin/extra': 'busybox' },
      control: (text) => text,
    });
    const tree = newFolder(publishing.folder, 'bad-tree');
    execFileSync('dpkg-deb', ['-R', deb, tree]);
    appendFileSync(join(tree, 'usr/lib/prodng/jails/bad/rootfs/etc/passwd'), 'evil:x:0:0::/:/bin/sh\n');
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-b', tree, deb], { stdio: 'pipe' });
    const { status, stderr } = await publish(deb, next);
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`${deb}: refused: it does not verify`),
    });
    expect(stderr).toMatch(/md5sums: .*etc\/passwd/);
    // the good one that was given with it is not published either
    expectUntouched();
  });

  it('evidence beside it that is about other bytes', async () => {
    const stem = next.replace(/\.deb$/, '');
    writeFileSync(`${stem}.provenance.json`, '{"_type":"https://in-toto.io/Statement/v1"}');
    try {
      expect(await publish(next)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('provenance:'),
      });
      expectUntouched();
    } finally {
      rmSync(`${stem}.provenance.json`);
    }
  });

  it('what the signature policy does not take', async () => {
    const stranger = await makeSigningKey('stranger');
    const keyring = join(publishing.folder, 'stranger.asc');
    writeFileSync(keyring, stranger.armor);
    const shown = execFileSync('gpg', ['--show-keys', '--with-colons', keyring], { encoding: 'utf8' });
    const fingerprintOf = /^fpr:+([0-9A-F]{40}):/m.exec(shown)?.[1];
    const policy = join(publishing.folder, 'policy.json');
    writeFileSync(
      policy,
      JSON.stringify({ keyring: [keyring], require: [{ name: 'release', keys: [fingerprintOf] }] }),
    );
    expect(await publish('--signature-policy', policy, next)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('release: 0 of the 1 signatures it needs'),
    });
    expectUntouched();
    await stranger.remove();
  });

  it("what lint's policy does not take", async () => {
    const policy = join(publishing.folder, 'lint.json');
    writeFileSync(policy, JSON.stringify({ format: 1, limits: { memory: '1M' } }));
    expect(await publish('--lint-policy', policy, next)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /refused by lint\n {2}error: policy-limit-exceeded: 64M is more than the 1M/,
      ),
    });
    expectUntouched();
  });

  it('nothing of what the suite has already: it was checked when it was published', async () => {
    const policy = join(publishing.folder, 'lint-again.json');
    writeFileSync(policy, JSON.stringify({ format: 1, limits: { memory: '1M' } }));
    const published = join(archive, 'pool/main/w/web/web_1.3-1_amd64.deb');
    expect(await publish('--lint-policy', policy, published)).toMatchObject({
      status: 0,
      stdout: 'web=1.3-1:amd64: staging has it already\n',
    });
    expectUntouched();
    // with one that is new, the policy counts for that one, and none is published
    const both = await publish('--lint-policy', policy, published, next);
    expect(both).toMatchObject({ status: 2, stderr: expect.stringContaining('web_1.4-1') });
    expectUntouched();
  });

  it('the same version with other bytes', async () => {
    const other = await publishing.jail('web', '1.3-1', { files: { 'etc/other': 'x' } });
    expect(await publish(other)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('staging has that version already, with other bytes'),
    });
    expectUntouched();
  });

  it('a suite that does not exist, or has no usable name', async () => {
    expect(await publishing.publish([archive, next, '--suite', 'stagin'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('has no suite stagin; it has staging'),
    });
    expect(await publishing.publish([archive, next, '--suite', '../../etc'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('not the name of a suite'),
    });
    expect(await publishing.publish(['promote', archive, 'web', 'staging', 'production'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('has no suite production'),
    });
    expect(await publishing.publish(['promote', archive, 'web=7', 'staging', 'staging'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('it has 1.3-1'),
    });
    expectUntouched();
  });
});

describe('an archive that was edited by other means', () => {
  const release = 'dists/staging/Release';
  it.each([
    [
      'a stanza more in Packages',
      'dists/staging/main/binary-amd64/Packages',
      'it has not the SHA-256 that Release names',
      2,
    ],
    ['a line more in Release', release, 'signature over other bytes', 1],
    ['a line more in InRelease', 'dists/staging/InRelease', 'it is not the text of Release', 2],
  ])('%s', async (_, path, reason, status) => {
    const text = readFileSync(join(archive, path), 'utf8');
    writeFileSync(join(archive, path), text.replace(/\n(?=Suite:|Version:)/, '\nX-Edited: yes\n'));
    before = fingerprint(archive);
    expect(await publish(next)).toMatchObject({ status, stderr: expect.stringContaining(reason) });
    expectUntouched();
  });

  it('a Contents index with a line less', async () => {
    const path = join(archive, 'dists/staging/main/Contents-amd64.gz');
    writeFileSync(path, execFileSync('gzip', ['-c'], { input: '' }));
    before = fingerprint(archive);
    expect(await publish(next)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Contents-amd64.gz'),
    });
  });

  it('a folder of the pool that leads out of the archive', async () => {
    const outside = newFolder(publishing.folder, 'outside');
    rmSync(join(archive, 'pool/main/w'), { recursive: true });
    symlinkSync(outside, join(archive, 'pool/main/w'));
    expect(await publish(next)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('pool/main/w: a symbolic link'),
    });
    expect(fingerprint(outside)).toEqual([]);
  });

  it('a suite signed by another key is only taken over with that key named', async () => {
    const env = { PRODNG_STATE_DIR: join(publishing.folder, 'other-state') };
    await runProdng(['key', 'new', 'New <new@example.org>', '--no-passphrase'], { env });
    const argv = [archive, next, '--suite', 'staging'];
    expect(await publishing.publish(argv, { env })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('give the old one by --keyring'),
    });
    expectUntouched();
    const old = join(publishing.folder, 'old.asc');
    cpSync(join(good, 'archive-keyring.asc'), old);
    expect(await publishing.publish([...argv, '--keyring', old], { env })).toMatchObject({ status: 0 });
    expect(auditSuite(archive, 'staging')).toEqual(['web=1.3-1', 'web=1.4-1']);
  });
});

describe('times', () => {
  it('a clock that is behind the archive', async () => {
    expect(
      await publishing.publish([archive, next, '--suite', 'staging'], { prefix: ['faketime', '-2 days'] }),
    ).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/staging: was published at .*, and this clock says/),
    });
    expectUntouched();
  });

  it('a key that has expired', async () => {
    const env = { PRODNG_STATE_DIR: join(publishing.folder, 'short-state') };
    await runProdng(['key', 'new', 'Short <short@example.org>', '--no-passphrase', '--expires', '1d'], {
      env,
    });
    const own = join(publishing.folder, 'short');
    expect(await publishing.publish([own, next], { env })).toMatchObject({ status: 0 });
    before = fingerprint(own);
    expect(
      await publishing.publish(['refresh', own], { env, prefix: ['faketime', '+2 days'] }),
    ).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/key [0-9A-F]{40} expired on/),
    });
    expect(fingerprint(own)).toEqual(before);
  });

  it('a suite past its Valid-Until is signed again by refresh, for as long as before', async () => {
    expect(
      await publishing.publish(['refresh', archive], { prefix: ['faketime', '+20 days'] }),
    ).toMatchObject({
      status: 0,
    });
    const text = readFileSync(join(archive, 'dists/staging/Release'), 'utf8');
    const [date, until] = ['Date', 'Valid-Until'].map((name) =>
      Date.parse(new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? ''),
    );
    expect(Number(until) - Number(date)).toBe(14 * 86_400_000);
    expect(Number(date)).toBeGreaterThan(Date.now() + 19 * 86_400_000);
  });
});

describe('a host that cannot', () => {
  it('another publisher has the lock', async () => {
    const holder = spawn('flock', [join(archive, '.prodng/lock'), 'sleep', '60'], { detached: true });
    try {
      await new Promise((done) => setTimeout(done, 300));
      expect(await publish('--wait', '1s', next)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('another publisher is at work in it'),
      });
      expectUntouched();
    } finally {
      process.kill(-(holder.pid ?? 0), 'SIGKILL');
      await once(holder, 'exit');
    }
  });

  it.each([
    [
      'is full',
      (folder: string) => ['-t', 'tmpfs', '-o', 'size=1600k', 'tmpfs', folder],
      /no space left on device.*free some space/s,
    ],
    ['is read-only', (folder: string) => ['-o', 'bind,ro', folder, folder], /read-only file system/],
  ])('the file system %s', async (what, mount, reason) => {
    const place = newFolder(publishing.folder, `place-${what.replaceAll(' ', '-')}`);
    if (what === 'is read-only') cpSync(good, place, { recursive: true });
    execFileSync('mount', mount(place));
    try {
      if (what === 'is full') cpSync(good, place, { recursive: true });
      before = fingerprint(place);
      const { status, stderr } = await publishing.publish([place, next, '--suite', 'staging']);
      expect(status).toBe(2);
      expect(stderr).toMatch(reason);
      expect(leftovers(place)).toEqual([]);
      expect(fingerprint(place)).toEqual(before);
    } finally {
      execFileSync('umount', [place]);
    }
  });

  it('a folder that holds no archive', async () => {
    const empty = newFolder(publishing.folder, 'empty');
    expect(await publishing.publish(['refresh', empty])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('holds no archive'),
    });
    expect(fingerprint(empty)).toEqual([]);
  });
});
