import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { actingFor } from '../../src/agent/api/actor.ts';
import { EventLog } from '../../src/agent/events/event-log.ts';
import { readLastLines } from '../../src/agent/events/last-lines.ts';
import { verifyEvents } from '../../src/agent/events/verify-events.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'event-log-'));
  path = join(folder, 'events.jsonl');
});

afterEach(() => rm(folder, { recursive: true }));

async function write(...kinds: string[]): Promise<void> {
  const log = new EventLog<string>(path);
  await log.open();
  for (const kind of kinds) await log.append(kind, 'web', { status: 1, note: 'é' });
  await log.close();
}

async function verdict() {
  const log = new EventLog<string>(path);
  await log.open();
  try {
    return await log.verify();
  } finally {
    await log.close();
  }
}

it('goes on where it was, and proves whole', async () => {
  await write('a', 'b');
  await write('c');
  expect(await verdict()).toEqual({ records: 3, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(await verifyEvents(path)).toMatchObject({ records: 3 });
});

it('finds any byte that was changed', async () => {
  await write('a', 'b', 'c', 'd');
  const bytes = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(bytes);
      changed[at] = ((changed[at] ?? 0) + by) % 256;
      await writeFile(path, changed);
      expect((await verifyEvents(path)).broken).toBeDefined();
    }),
    { numRuns: 300 },
  );
});

it('finds any record that was removed or moved, at the end too', async () => {
  await write('a', 'b', 'c', 'd', 'e');
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  const order = fc.shuffledSubarray(lines).filter((some) => some.join() !== lines.join());
  await fc.assert(
    fc.asyncProperty(order, async (some) => {
      await writeFile(path, some.map((line) => `${line}\n`).join(''));
      expect((await verdict()).broken).toBeDefined();
    }),
    { numRuns: 200 },
  );
});

it('does not join seamlessly to a log whose end was cut off', async () => {
  await write('a', 'b', 'c');
  const lines = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, `${lines[0]}\n`);
  await write('d');
  expect(await verdict()).toMatchObject({ records: 1, broken: { line: 2 } });
});

it('cuts off the half record that a loss of power left', async () => {
  await write('a', 'b');
  await writeFile(path, `${await readFile(path, 'utf8')}{"seq":3,"ti`);
  await write('c');
  expect(await verdict()).toMatchObject({ records: 3 });
  expect((await verdict()).broken).toBeUndefined();
});

it.each(['first', 'second'])(
  'cuts off records whose %s block never came to the disk, and none that was edited',
  async (which) => {
    await write('a', 'b');
    const head = await readFile(`${path}.head`);
    const start = (await readFile(path)).length;
    await write('c', 'd', 'e');
    const torn = await readFile(path);
    // in the middle of the é
    const place = torn.indexOf('é', start) + 1;
    torn.fill(0, which === 'first' ? start : place, which === 'first' ? place : place + 400);
    await writeFile(path, torn);
    expect((await verdict()).broken).toMatchObject({ line: 3 });
    // they were not acknowledged: the head does not know them
    await writeFile(`${path}.head`, head);
    expect(await verdict()).toEqual({ records: 2, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
  },
);

it('finds a log that was written anew from its start by the hash of a record noted down before', async () => {
  await write('a', 'b');
  const { head } = await verifyEvents(path);
  await write('c');
  expect((await verifyEvents(path, { known: head })).broken).toBeUndefined();
  await rm(path);
  await rm(`${path}.head`);
  await write('a', 'b', 'c', 'd');
  expect((await verifyEvents(path)).broken).toBeUndefined();
  expect(await verifyEvents(path, { known: head })).toMatchObject({ broken: { line: 5 } });
});

it('finds a line whose end was changed to one that readers of lines take for the same', async () => {
  await write('a', 'b');
  await writeFile(path, (await readFile(path, 'utf8')).replace('\n', '\r\n'));
  expect(await verifyEvents(path)).toMatchObject({ broken: { line: 1 } });
});

it('is proven right while it is written to', async () => {
  const log = new EventLog<string>(path);
  await log.open();
  const verdicts = [];
  for (let round = 0; round < 50; round++) {
    for (const kind of ['a', 'b', 'c']) void log.append(kind);
    verdicts.push(log.verify());
    void log.append('d');
  }
  for (const { broken } of await Promise.all(verdicts)) expect(broken).toBeUndefined();
  expect(await log.verify()).toMatchObject({ records: 200 });
  await log.close();
});

it('goes on in a log that is larger than a string can be, and reads only its end', async () => {
  await write('a', 'b');
  const text = await readFile(path);
  // a hole: as long as many years of events, and nothing on the disk
  await writeFile(path, '');
  await truncate(path, 3 * 2 ** 30);
  await appendFile(path, Buffer.concat([Buffer.from('\n'), text]));
  await write('c');
  const log = new EventLog<string>(path);
  await log.open();
  expect((await log.tail(3)).map(({ seq, kind }) => [seq, kind])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ]);
  await log.close();
});

it('writes a record that a full disk refused once there is room', async () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'prodng-test', folder]);
  try {
    const log = new EventLog<string>(path);
    await log.open();
    await log.append('a');
    await writeFile(join(folder, 'ballast'), Buffer.alloc(48 * 1024));
    const faults: unknown[] = [];
    log.on('fault', (fault) => faults.push(fault));
    await log.append('b', 'web', { text: 'x'.repeat(30_000) });
    expect(faults).toMatchObject([{ code: 'ENOSPC' }]);
    // what waits is told, and the log that is on disk is right
    expect((await log.tail(3)).map(({ kind }) => kind)).toEqual(['a', 'b']);
    expect(await log.verify()).toMatchObject({ records: 1 });
    await rm(join(folder, 'ballast'));
    await log.append('c');
    expect((await log.tail(3)).map(({ kind }) => kind)).toEqual(['a', 'b', 'c']);
    expect(await log.verify()).toMatchObject({ records: 3 });
    await log.close();
  } finally {
    execFileSync('umount', [folder]);
  }
});

it('says who asked for what', async () => {
  const log = new EventLog<string>(path);
  await log.open();
  await actingFor('uid 1000', () => log.append('stopped', 'web'));
  await log.append('exited', 'web');
  expect((await log.tail(2)).map(({ by }) => by)).toEqual(['uid 1000', undefined]);
  expect((await log.verify()).broken).toBeUndefined();
  await writeFile(path, (await readFile(path, 'utf8')).replace('uid 1000', 'uid 1001'));
  expect(await verifyEvents(path)).toMatchObject({ broken: { line: 1, why: 'it was edited' } });
  await log.close();
});

it('reads the last whole lines of a file, however long it is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ maxLength: 30 }).map((text) => text.replaceAll('\n', '')),
        { maxLength: 30 },
      ),
      fc.constantFrom('', 'half'),
      fc.nat(40),
      fc.constantFrom(1, 10_000),
      async (lines, half, count, stretch) => {
        const long = lines.map((line) => `${line.repeat(stretch)}\n`);
        await writeFile(path, long.join('') + half);
        const last = long.slice(Math.max(0, long.length - count)).map((line) => line.slice(0, -1));
        expect(await readLastLines(path, count)).toEqual({
          lines: last,
          end: Buffer.byteLength(long.join('')),
        });
      },
    ),
    { numRuns: 60 },
  );
});
