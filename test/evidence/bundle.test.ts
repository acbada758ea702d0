import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { PublicKey } from 'openpgp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BundleWriter } from '../../src/evidence/bundle/bundle-writer.ts';
import { type ManifestEntry, readManifest } from '../../src/evidence/bundle/manifest.ts';
import { formatStatement } from '../../src/evidence/bundle/statement.ts';
import { parseInetSockets, parseUnixSockets } from '../../src/evidence/collect/sockets.ts';
import { hostSigner } from '../../src/evidence/host-key.ts';
import { defaultLimits } from '../../src/evidence/limits.ts';
import { extentsOf, parseMaps } from '../../src/evidence/memory/memory-map.ts';
import { parseSyscall } from '../../src/evidence/memory/registers.ts';
import { verifyBundle } from '../../src/evidence/read/verify-bundle.ts';
import { signStatement } from '../../src/sign/dsse.ts';
import { KeyStore } from '../../src/sign/key-store.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { unpackBundle } from './unpacked-bundle.ts';

const folder = mkdtempSync('/var/tmp/evidence-bundle-');
const paths = { state: join(folder, 'state'), cache: folder, run: folder };
const date = new Date('2026-01-02T03:04:05.678Z');
let signer: Signer;
let keyring: PublicKey[];

const begin: Extract<ManifestEntry, { kind: 'begin' }> = {
  kind: 'begin',
  format: 1,
  id: '0123456789abcdef',
  time: date.toISOString(),
  jail: 'web',
  version: '1.0-1',
  deb: 'a'.repeat(64),
  host: { name: 'host', boot: 'b', kernel: '6.1' },
  prodng: '0.1.0',
  options: {},
};

async function make(name: string, files: Record<string, string>, limits = defaultLimits): Promise<string> {
  const path = join(folder, name);
  const writer = new BundleWriter(path, limits, date);
  try {
    writer.record(begin);
    for (const [file, text] of Object.entries(files))
      await writer.add({ path: file, source: `/${file}`, artifact: 'Test' }, Buffer.from(text));
    await writer.finish((digests) =>
      signStatement(formatStatement(begin, writer.manifest.head, digests), [signer]),
    );
  } finally {
    await writer.close();
  }
  return path;
}

/** Packs a changed bundle with GNU tar just as ours is packed. */
function repack(from: string, name: string, change: (folder: string) => void): string {
  const work = unpackBundle(from, join(folder, `${name}-files`));
  const names = execFileSync('tar', ['--zstd', '-tf', from], { encoding: 'utf8' }).trim().split('\n');
  change(work);
  const target = join(folder, name);
  const owner = ['--owner=root:0', '--group=root:0', `--mtime=@${Math.floor(date.getTime() / 1000)}`];
  execFileSync('tar', ['--zstd', '--format=gnu', '-cf', target, ...owner, '-C', work, ...names]);
  return target;
}

beforeAll(async () => {
  mkdirSync(paths.state);
  signer = await hostSigner(paths);
  keyring = await new KeyStore(paths).publicKeys();
});
afterAll(() => rmSync(folder, { recursive: true }));

it('gives equal bytes for equal content, apart from when each file was read', async () => {
  const files = { 'a/one': 'x'.repeat(1000), two: '' };
  const [first, second] = [await make('first', files), await make('second', files)];
  const plain = (path: string) => execFileSync('zstd', ['-dc', path]);
  const head = 512 * 2 + 1024 + 512;
  expect(plain(first).subarray(0, head).equals(plain(second).subarray(0, head))).toBe(true);
  expect(await verifyBundle(first, keyring)).toMatchObject({
    findings: [],
    files: 2,
    signer: expect.any(String),
  });
});

it('names the file that was touched, whatever else was made to fit', async () => {
  const whole = await make('whole', { one: 'one', two: 'two', three: 'three' });
  const edited = repack(whole, 'edited', (work) => appendFileSync(join(work, 'two'), '!'));
  expect((await verifyBundle(edited, keyring)).findings).toContainEqual({
    path: 'two',
    message: expect.stringContaining('not as it was signed'),
  });
  const manifest = repack(whole, 'manifest', (work) => {
    const file = join(work, 'manifest.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"source":"/one"', '"source":"/ona"'));
  });
  const { findings } = await verifyBundle(manifest, keyring);
  expect(findings).toContainEqual({ path: 'manifest.jsonl', message: 'line 2: it was edited' });
  expect(repack(whole, 'same', () => {})).toBeTypeOf('string');
  expect((await verifyBundle(join(folder, 'same'), keyring)).findings).toEqual([]);
});

it('does not believe a bundle that another key has signed, or none that is known', async () => {
  const other = { ...paths, state: join(folder, 'other') };
  mkdirSync(other.state);
  const mine = signer;
  signer = await hostSigner(other);
  const foreign = await make('foreign', { one: 'one' });
  signer = mine;
  const verdict = await verifyBundle(foreign, keyring);
  expect(verdict.signer).toBeUndefined();
  expect(verdict.findings).toEqual([{ message: expect.stringContaining('not in the keyring') }]);
});

it('finds every byte that was changed', { timeout: 300_000 }, async () => {
  const bytes = readFileSync(await make('bytes', { one: 'content '.repeat(30) }));
  const changed = join(folder, 'changed');
  const plain = execFileSync('zstd', ['-dcq', join(folder, 'bytes')]);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ by;
      writeFileSync(changed, copy);
      // some bits of a frame's header mean nothing to its content: then all is as it was signed
      const verdict = await verifyBundle(changed, keyring).catch(() => undefined);
      if (verdict === undefined || verdict.findings.length > 0) return true;
      return execFileSync('zstd', ['-dcq', changed]).equals(plain);
    }),
    { numRuns: 40 },
  );
});

it('records what is past its limits, instead of growing', async () => {
  const path = await make(
    'limited',
    { small: 'x', large: 'y'.repeat(3000), after: 'z' },
    { ...defaultLimits, bytes: 2000 },
  );
  const { manifest, files } = await verifyBundle(path, keyring);
  expect(files).toBe(2);
  expect(manifest).toContainEqual(
    expect.objectContaining({ kind: 'missing', source: '/large', errno: 'LIMIT' }),
  );
});

it('parses what a kernel or a stranger gives, or leaves it', () => {
  const line =
    '   0: 0100007F:1B9E 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 x';
  expect(parseInetSockets('tcp', line)).toEqual([
    {
      protocol: 'tcp',
      state: 'listening',
      local: '127.0.0.1:7070',
      peer: '0.0.0.0:0',
      uid: 1000,
      inode: 4711,
    },
  ]);
  const six =
    '   0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0:0 0:0 0  0        0 9 1';
  expect(parseInetSockets('tcp6', six)).toMatchObject([{ local: '[0:0:0:0:0:0:0:1]:22', inode: 9 }]);
  expect(parseSyscall('232 0x3 0x7ffd 0x20 0xffffffff 0x0 0x8 0x7ffd1c 0x7f9a\n')).toMatchObject({
    call: 232n,
    instruction: 0x7f9an,
  });
  expect(parseSyscall('running\n')).toBeUndefined();
  expect(parseSyscall('-1 0x10 0x20\n')).toMatchObject({ call: -1n, stackPointer: 16n, instruction: 32n });
  fc.assert(
    fc.property(fc.string(), fc.uint8Array(), (text, bytes) => {
      parseInetSockets('udp', text);
      parseUnixSockets(text);
      parseMaps(text);
      parseSyscall(text);
      readManifest(Buffer.from(bytes));
    }),
  );
});

it('keeps every page that is there, once, and in order', () => {
  const page = 4096n;
  fc.assert(
    fc.property(fc.uniqueArray(fc.bigInt(0n, 199n)), (present) => {
      const mapping = { start: page * 100n, end: page * 300n, flags: 'rw-p', offset: 0n, inode: 0, name: '' };
      const extents = extentsOf(mapping, page, (number) => present.includes(number - 100n));
      let at = mapping.start;
      for (const { start, end } of extents) {
        expect(start).toBe(at);
        expect(end).toBeGreaterThan(start);
        at = end;
      }
      expect(at).toBe(mapping.end);
      const kept = (number: bigint) =>
        extents.some(({ start, end, isKept }) => isKept && number * page >= start && number * page < end);
      expect(present.every((number) => kept(number + 100n))).toBe(true);
      return present.length > 0 || extents.every(({ isKept }) => !isKept);
    }),
  );
});
