import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSlot } from '../../../src/image/slot.ts';
import { run } from '../../../src/system/process.ts';
import { ownWorkCache, runProdng } from '../../support/prodng.ts';
import { type BuiltImage, type ImageWorld, makeImageWorld } from './image-world.ts';
import { type HostView, type Machine, startMachine } from './machine.ts';

// Run by scripts/test-image, which names the packages; its short form leaves out what `full` has.
const debs = process.env.PRODNG_IMAGE_DEBS;
const isShort = process.env.PRODNG_IMAGE_SHORT === '1';
const full: (title: string, work: () => Promise<void>) => void = isShort ? () => {} : test;

let world: ImageWorld;
let first: BuiltImage;
let dir: string;
let machine: Machine | undefined;
const figures: string[] = [];
const since = (start: number): string => ((performance.now() - start) / 1000).toFixed(1);
const figure = (what: string, value: string): void => void figures.push(`${what}: ${value}`);

beforeAll(async () => {
  if (debs === undefined) throw new Error('run scripts/test-image');
  world = await makeImageWorld(debs);
});

afterAll(async () => {
  await machine?.end();
  await world?.remove();
  process.stdout.write(figures.map((line) => `figure: ${line}\n`).join(''));
});

function log(name: string): string {
  return join(process.env.PRODNG_IMAGE_LOGS ?? '/tmp', `${name}.console`);
}

function at(view: HostView, slot: 'a' | 'b') {
  return view.slots.find((each) => each.slot === slot);
}

test('two builds in other folders, with another umask, time zone and number of CPUs give the same bytes', async () => {
  dir = await world.source('first');
  const start = performance.now();
  first = await world.build(dir, join(world.folder, 'results'));
  figure('build with a warm store', `${since(start)} s`);
  const other = await world.source('other/place');
  const env = { TZ: 'Asia/Tokyo', PRODNG_CACHE_DIR: ownWorkCache(join(world.folder, 'other')) };
  const prefix = ['sh', '-c', 'umask 077; exec "$@"', 'sh', 'taskset', '-c', '0'];
  const second = await world.build(other, join(world.folder, 'other-results'), { prefix, env });
  for (const part of ['path', 'sbom', 'provenance', 'buildinfo'] as const)
    await run(['cmp', first[part], second[part]]);
  const disks = [first, second].map(({ path }) => `${path}.disk`);
  for (const [index, { path }] of [first, second].entries())
    expect((await runProdng(['image', 'disk', path, disks[index] ?? '', '--data', '128M'])).status).toBe(0);
  await run(['cmp', ...disks]);
  figure('slot', `${first.size} bytes`);
  figure('initrd', `${first.manifest.initrd.size} bytes`);
  figure('packages', String(first.manifest.packages.length));
});

full('verify --rebuild builds the same bytes again, and fails for a source that differs', async () => {
  const verify = (source: string) =>
    runProdng(['image', 'verify', first.path, '--rebuild', source, '--sources', world.sources]);
  const same = await verify(dir);
  expect(same.stdout).toContain('passed  rebuild');
  expect(same.status).toBe(0);
  const differs = await verify(await world.source('differs', { sysctl: { 'kernel.panic': 11 } }));
  expect(differs.stdout).toContain('failed  rebuild');
  expect(differs.status).toBe(1);
});

describe('booted by QEMU itself', () => {
  test('the agent answers over TLS, and the jail of the image serves and has its log kept', async () => {
    const booted = await startMachine([`${first.path}.disk`], world.certificates, log('direct'));
    machine = booted;
    await booted.until('an answer', 300, async () => (await booted.call('GET', '/v1/jails')).status);
    figure('direct boot to an answering agent', `${since(booted.began)} s`);
    const page = await booted.until('the page', 300, () => booted.page());
    figure('direct boot to a serving jail', `${since(booted.began)} s`);
    expect(page).toBe('from the jail\n');
    await booted.until('health', 120, async () => {
      const { body } = await booted.call('GET', '/v1/jails');
      return (body as { health: string }[])[0]?.health === 'healthy' ? true : undefined;
    });
    const { body } = await booted.call('GET', '/v1/jails/page/logs');
    expect(body).toMatchObject([{ stream: 'stdout', text: 'the page is served' }]);
    await booted.end();
  });
});

describe('booted from its disk by the firmware', () => {
  let disk: Machine;
  let good: HostView;

  test('the first start is no trial, and the image is committed when its jail is healthy', async () => {
    const signed = join(world.folder, 'signed.slot');
    const { signImage } = await import('../../../src/image/sign-image.ts');
    await signImage(first.path, signed, [world.release]);
    const path = join(world.folder, 'host.disk');
    await runProdng(['image', 'disk', signed, path, '--data', '128M']);
    const kept = ['--uefi', '--keep', '--variables', join(world.folder, 'variables')];
    disk = await startMachine([path, ...kept], world.certificates, log('disk'));
    machine = disk;
    await disk.until('the page', 600, () => disk.page());
    figure('UEFI boot to a serving jail', `${since(disk.began)} s`);
    const view = await disk.settled('1.0', 120);
    expect(view).toMatchObject({ trial: false, data: 'whole', refused: [] });
    expect(disk.console()).not.toContain('a trial');
    await disk.until('the commit', 120, async () =>
      disk.console().includes('host-start: the image is committed') ? true : undefined,
    );
  });

  full('an image that a stranger signed is refused', async () => {
    const foreign = await world.signed('foreign', { version: '1.05' }, world.stranger);
    expect(await disk.update(foreign)).toMatchObject({ body: { error: { code: 'SIGNATURE' } } });
  });

  test('a good update is tried once and committed, and the jail goes on', async () => {
    const update = await world.signed('good', { version: '1.1' });
    const start = performance.now();
    expect(await disk.update(update)).toMatchObject({ status: 200, body: { slot: 'b', running: false } });
    figure('update sent and verified', `${since(start)} s`);
    expect((await disk.call('GET', '/v1/host')).body).toMatchObject({ next: 'b' });
    const rebooted = performance.now();
    expect((await disk.call('POST', '/v1/host/reboot')).status).toBe(200);
    good = await disk.settled('1.1', 600);
    figure('restart to the committed update', `${since(rebooted)} s`);
    expect(at(good, 'a')?.image?.version).toBe('1.0');
    expect(good).toMatchObject({ refused: [], data: 'whole' });
    expect(disk.console()).toContain('a trial');
    // /var was unmounted at the shutdown
    expect(disk.console()).toContain('prodng-data: clean');
    expect(disk.console()).not.toContain('recovering journal');
    expect(await disk.until('the page', 300, () => disk.page())).toBe('from the jail\n');
  });

  /** Tries an image that must fail, until the old one serves again and the image is refused. */
  async function failedTrial(slot: string, what: string): Promise<void> {
    expect(await disk.update(slot)).toMatchObject({ status: 200, body: { slot: 'a' } });
    const digest = at((await disk.call('GET', '/v1/host')).body as HostView, 'a')?.image?.digest ?? 'none';
    const start = performance.now();
    await disk.call('POST', '/v1/host/reboot');
    await disk.until('the fallback', 900, async () => {
      const view = (await disk.call('GET', '/v1/host')).body as HostView;
      return view.refused?.includes(digest) ? view : undefined;
    });
    await disk.settled('1.1', 60);
    expect(await disk.until('the page', 300, () => disk.page())).toBe('from the jail\n');
    figure(`${what}: restart to the old image serving again`, `${since(start)} s`);
    expect(await disk.call('POST', '/v1/host/update', { again: false })).toMatchObject({
      body: { error: { code: 'POLICY' } },
    });
  }

  test('an image whose agent cannot start is left for the old slot, and refused from then on', async () => {
    await failedTrial(
      await world.signed('no-agent', { version: '1.2', agent: { unknown: true } }),
      'an agent that exits',
    );
  });

  full('an image whose PID 1 cannot start is left for the old slot', async () => {
    const kernel = { variant: 'cloud', commandLine: ['console=ttyS0', 'rdinit=/none', 'loglevel=6'] };
    await failedTrial(await world.signed('no-init', { version: '1.3', kernel }), 'no PID 1');
  });

  test('a rollback boots the image of before, and the one that was left is refused', async () => {
    const update = await world.signed('left', { version: '1.4' });
    expect((await disk.update(update)).status).toBe(200);
    await disk.call('POST', '/v1/host/reboot');
    const left = await disk.settled('1.4', 600);
    expect((await disk.call('POST', '/v1/host/rollback')).status).toBe(200);
    await disk.call('POST', '/v1/host/reboot');
    const back = await disk.settled('1.1', 600);
    const digest = left.slots.find(({ running }) => running)?.image?.digest;
    expect(back.refused).toContain(digest);
    expect(await disk.call('POST', '/v1/host/rollback')).toMatchObject({
      body: { error: { code: 'POLICY' } },
    });
    expect((await disk.call('POST', '/v1/host/update', { again: true })).status).toBe(200);
  });
});

describe.skipIf(isShort)('with Secure Boot', () => {
  const options = ['--uefi', '--secure-boot'];

  async function signedDisk(name: string): Promise<string> {
    // the key that Debian's variables for tests trust; it has a passphrase
    const key = join(world.folder, 'snakeoil.key');
    const given = ['-in', '/usr/share/ovmf/PkKek-1-snakeoil.key', '-passin', 'pass:snakeoil'];
    await run(['openssl', 'pkey', ...given, '-out', key]);
    const slot = join(world.folder, `${name}.slot`);
    const certificate = '/usr/share/ovmf/PkKek-1-snakeoil.pem';
    const { status, stderr } = await runProdng([
      'image',
      'sign',
      first.path,
      '-o',
      slot,
      '--secure-boot-key',
      key,
      '--secure-boot-certificate',
      certificate,
    ]);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const disk = join(world.folder, `${name}.disk`);
    await runProdng(['image', 'disk', slot, disk, '--data', '128M']);
    return disk;
  }

  full('an image signed by a trusted key boots', async () => {
    const booted = await startMachine(
      [await signedDisk('secure'), ...options],
      world.certificates,
      log('secure'),
    );
    machine = booted;
    await booted.until('the page', 900, () => booted.page());
    figure('Secure Boot to a serving jail', `${since(booted.began)} s`);
    await booted.end();
  });

  full('one flipped byte of the kernel does not boot', async () => {
    const disk = await signedDisk('flipped');
    const slot = await openSlot(first.path);
    await slot.close();
    const file = await open(disk, 'r+');
    const at = 2 ** 20 + slot.header.uki.offset + Math.floor(slot.header.uki.size / 2);
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 1;
    await file.write(byte, 0, 1, at);
    await file.close();
    const booted = await startMachine([disk, ...options], world.certificates, log('flipped'));
    machine = booted;
    const refused = await booted.until('the refusal', 300, async () =>
      /access denied|security violation/i.test(booted.console()) ? true : undefined,
    );
    expect(refused).toBe(true);
    expect(booted.console()).not.toContain('prodng:');
    await booted.end();
  });
});
