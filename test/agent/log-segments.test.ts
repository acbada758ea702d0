import { once } from 'node:events';
import { createWriteStream, mkdirSync, readdirSync, statSync, type WriteStream } from 'node:fs';
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Followed, followLog } from '../../src/agent/events/log-file.ts';
import { openLog, removeLog } from '../../src/agent/events/log-segments.ts';
import { tailLog } from '../../src/agent/events/whole-lines.ts';
import { endLogKeeper, logFifo, startLogKeeper } from '../../src/agent/supervision/log-keeper.ts';
import type { RunRecord } from '../../src/jail/lifecycle/jail-slot.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp('/var/tmp/log-segments-');
  mkdirSync(join(folder, 'logs'));
  path = join(folder, 'logs/web.log');
});

afterEach(() => rm(folder, { recursive: true }));

const size = 2 ** 16;

function lineOf(number: number): string {
  return `2026-01-01T00:00:00.000000000+00:00 stdout F line ${number}\n`;
}

describe('the keeper of a log', () => {
  let record: RunRecord;
  let fifo: WriteStream;

  async function begin(): Promise<void> {
    startLogKeeper(record, { path, size, rate: { seconds: 30, lines: 1e6, bytes: 1e9 } });
    fifo = createWriteStream(logFifo(record));
    await once(fifo, 'open');
  }

  async function write(from: number, to: number): Promise<void> {
    let text = '';
    for (let number = from; number < to; number++) text += lineOf(number);
    await new Promise((resolve) => fifo.write(text, resolve));
  }

  async function end(): Promise<void> {
    fifo.end();
    await once(fifo, 'close');
    await endLogKeeper(record);
  }

  beforeEach(async () => {
    const bundle = join(folder, 'bundle');
    mkdirSync(bundle);
    const none = { deb: '', version: '', sha256: '', cgroup: '/prodng-none', cgroups: 'v1' as const };
    record = { name: 'web', id: 'web-1', ...none, runtime: ['crun'], bundle, supervisor: process.pid };
    await begin();
  });

  it('keeps the segment before, however often it begins a new one', async () => {
    await write(0, 10_000);
    await end();
    const names = readdirSync(join(folder, 'logs'));
    expect(names).toHaveLength(2);
    const kept = names.map((name) => statSync(join(folder, 'logs', name)).size);
    expect(Math.max(...kept)).toBeLessThanOrEqual(size / 2);
    expect(Math.max(...kept)).toBeGreaterThan(size / 2 - 100);
    // at least what one segment has, whole and without a gap
    const lines = (await tailLog(path, 100_000)).map(({ text }) => Number(text.slice('line '.length)));
    expect(lines.at(-1)).toBe(9999);
    expect(lines.length).toBeGreaterThan(size / 2 / lineOf(9999).length);
    expect(lines).toEqual(lines.map((_, index) => 10_000 - lines.length + index));
  });

  it('goes on counting when it is started again', async () => {
    await write(0, 2000);
    await end();
    const { base = 0, size: kept = 0 } = (await openLog(path).then(closed)) ?? {};
    await begin();
    await write(2000, 2001);
    await end();
    const log = (await openLog(path).then(closed)) ?? { base: 0, size: 0 };
    expect(log.base + log.size).toBe(base + kept + lineOf(2000).length);
    expect(base).toBeGreaterThan(0);
  });

  it('loses nothing for a follower that keeps up, and tells one that does not how much it lost', async () => {
    const steady = new AbortController();
    const slow = new AbortController();
    const seen: Followed[] = [];
    const reading = (async () => {
      for await (const one of followLog(path, 0, steady.signal)) seen.push(one);
    })();
    const slowly = followLog(path, 0, slow.signal);
    await write(0, 1);
    expect((await slowly.next()).value).toMatchObject({ line: { text: 'line 0' } });
    const total = 5000;
    for (let from = 1; from < total; from += 100) {
      await write(from, Math.min(from + 100, total));
      while (seen.length < Math.min(from + 100, total))
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(seen.map((one) => ('line' in one ? one.line.text : ''))).toEqual(
      Array.from({ length: total }, (_, number) => `line ${number}`),
    );
    const rest: Followed[] = [];
    while (rest.at(-1)?.at !== seen.at(-1)?.at) rest.push((await slowly.next()).value);
    const [lost, first] = rest;
    if (lost === undefined || !('lost' in lost) || first === undefined || !('line' in first))
      throw new Error(JSON.stringify(rest.slice(0, 2)));
    const number = Number(first.line.text.slice('line '.length));
    let bytes = 0;
    for (let missed = 1; missed < number; missed++) bytes += lineOf(missed).length;
    expect(lost.lost).toBe(bytes);
    expect(rest).toHaveLength(1 + total - number);
    steady.abort();
    slow.abort();
    await reading;
    await slowly.return(undefined);
    await end();
  });
});

async function closed<T extends { close(): Promise<void> } | undefined>(log: T): Promise<T> {
  await log?.close();
  return log;
}

it('reads a log of one file, as earlier versions have written it, and of none', async () => {
  expect(await tailLog(path, 5)).toEqual([]);
  expect(await openLog(path)).toBeUndefined();
  await writeFile(path, lineOf(1) + lineOf(2));
  expect((await tailLog(path, 1)).map(({ text }) => text)).toEqual(['line 2']);
  await rename(path, `${path}-${2 * lineOf(1).length}`);
  await appendFile(path, lineOf(3));
  expect((await tailLog(path, 5)).map(({ text }) => text)).toEqual(['line 1', 'line 2', 'line 3']);
  // another jail's
  await writeFile(`${path}-5.log`, lineOf(4));
  await removeLog(path);
  expect(readdirSync(join(folder, 'logs'))).toEqual(['web.log-5.log']);
});
