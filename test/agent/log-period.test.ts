import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tailPeriod } from '../../src/agent/events/log-period.ts';

const folder = mkdtempSync(join(tmpdir(), 'log-period-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'web.log');
const lines = Array.from({ length: 20_000 }, (_, index) => {
  const time = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString().replace('Z', '+00:00');
  return `${time} stdout F line ${index}\n`;
});
// the first half is an older segment, whose name says where it ends
const older = lines.slice(0, 10_000).join('');
writeFileSync(`${path}-${older.length}`, older);
writeFileSync(path, lines.slice(10_000).join(''));
const at = (second: number) => Date.UTC(2026, 0, 1, 0, 0, second);

const texts = async (count: number, since?: number, until?: number) =>
  (await tailPeriod(path, count, { since, until })).map(({ text }) => text);

it('gives the lines of a period, of all segments, the last of them when there are more', async () => {
  expect(await texts(100, at(9_998), at(10_002))).toEqual([
    'line 9998',
    'line 9999',
    'line 10000',
    'line 10001',
  ]);
  expect(await texts(2, at(0), at(15_000))).toEqual(['line 14998', 'line 14999']);
  expect((await texts(100_000, at(1))).length).toBe(19_999);
  expect(await texts(100, at(20_000))).toEqual([]);
  expect(await texts(1, undefined, at(1))).toEqual(['line 0']);
});

it('goes by the zone of each time, and does not hide a line whose time it cannot read', async () => {
  const zones = join(folder, 'zones.log');
  writeFileSync(
    zones,
    '2026-01-01T02:00:00.5+02:00 stdout F in\n2026-01-01T02:00:00.5+00:00 stdout F out\nwhen stderr F unknown\n',
  );
  const found = await tailPeriod(zones, 10, { since: at(0), until: at(1) });
  expect(found.map(({ text }) => text)).toEqual(['in', 'unknown']);
});
