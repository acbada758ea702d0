import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatSlotHeader, slotHeaderSize } from '../../../src/image/slot-header.ts';
import { run } from '../../../src/system/process.ts';

let folder: string;
let driver: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'init-parse-'));
  driver = join(folder, 'driver');
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g'];
  const sources = [resolve('test/image/init/parse-driver.c'), resolve('src/image/init/parse.c')];
  const flags = ['-std=gnu11', '-Wall', '-Werror', ...sanitizers, `-I${resolve('src/image/init')}`];
  await run(['gcc', ...flags, ...sources, '-o', driver]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

type Kind = 'v' | 'h' | 't';

/** What parse.c of PID 1 makes of each input, run with the address sanitizer. */
function parsed(kind: Kind, inputs: readonly Buffer[]): string[] {
  const records = inputs.map((bytes) => {
    const head = Buffer.alloc(5, kind);
    head.writeUInt32LE(bytes.length, 1);
    return Buffer.concat([head, bytes]);
  });
  const { status, stdout, stderr } = spawnSync(driver, { input: Buffer.concat(records) });
  expect(stderr.toString()).toBe('');
  expect(status).toBe(0);
  return stdout.toString('latin1').split('\n').slice(0, -1);
}

/** find_value as its comment has it; the driver gives it 16 bytes. */
function expectedValue(text: string, separators: string, name: string): string {
  const items = text.split(separators === '\n' ? '\n' : /[ \n]/);
  const value = items.find((item) => item.startsWith(`${name}=`))?.slice(name.length + 1);
  return value === undefined || value.length >= 16 ? '-' : value;
}

test('the value of a word or a line is found as its comment says', () => {
  const piece = fc.constantFrom(
    'a',
    'ab',
    'a=',
    'ab=',
    '=',
    ' ',
    '\n',
    'x',
    'prodng.root=',
    '0123456789abcde',
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
  const one = fc.tuple(text, fc.constantFrom(' \n', '\n'), fc.constantFrom('a', 'ab', 'prodng.root'));
  const cases = fc.sample(one, 3000);
  const inputs = cases.map(([words, separators, name]) => Buffer.from(`${name}\0${separators}\0${words}\0`));
  const wanted = cases.map(([words, separators, name]) => expectedValue(words, separators, name));
  expect(wanted.filter((each) => each !== '-').length).toBeGreaterThan(300);
  // a value of lines may have blanks, but no line feed: one line of output each
  expect(parsed('v', inputs)).toEqual(wanted);
});

const header = {
  rootHash: 'ab'.repeat(32),
  rootOffset: 8192,
  dataBlocks: 300,
  hashBlocks: 4,
  manifest: { offset: 2 ** 21, size: 100 },
  signature: { offset: 0, size: 0 },
  uki: { offset: 2 ** 22, size: 70_000 },
  end: 2 ** 23,
};

test('the header of a slot reads as it was written, and out-of-range numbers are refused', () => {
  const good = formatSlotHeader(header);
  const changed = (at: number, value: bigint): Buffer => {
    const bytes = Buffer.from(good);
    bytes.writeBigUInt64LE(value, at);
    return bytes;
  };
  const most = 2n ** 24n;
  expect(
    parsed('h', [
      good,
      changed(48, most),
      changed(0, 0n),
      changed(40, 0n),
      changed(40, 4097n),
      changed(40, (most + 1n) * 4096n),
      changed(48, 0n),
      changed(48, most + 1n),
      changed(56, 0n),
      changed(56, 2n ** 64n - 1n),
    ]),
  ).toEqual([
    `${header.rootHash} 8192 300 4`,
    `${header.rootHash} 8192 ${most} 4`,
    ...Array<string>(8).fill('-'),
  ]);
});

test('no header of random bytes is read beyond its end', () => {
  const magic = Buffer.from('PRODNGS1');
  const random = fc.sample(fc.uint8Array({ minLength: slotHeaderSize, maxLength: slotHeaderSize }), 300);
  const inputs = random.map((bytes) => Buffer.concat([magic, bytes]).subarray(0, slotHeaderSize));
  expect(parsed('h', inputs)).toHaveLength(inputs.length);
});

test('a trial is a start of another entry than the first of the order, whatever the sizes of the variables', () => {
  const attributes = [7, 0, 0, 0];
  const input = (current: number[], order: number[]) => Buffer.from([current.length, ...current, ...order]);
  expect(
    parsed('t', [
      input([...attributes, 7, 0], [...attributes, 7, 0, 8, 0]),
      input([...attributes, 8, 0], [...attributes, 7, 0, 8, 0]),
      input([...attributes, 7, 1], [...attributes, 7, 0]),
      input([...attributes, 8], [...attributes, 7, 0]),
      input([...attributes, 8, 0], [...attributes, 7]),
      input([], []),
    ]),
  ).toEqual(['no', 'yes', 'yes', 'no', 'no', 'no']);
});
