import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineFilter, merged, type PrintedEntry, utcTime } from '../../src/cli/terminal/printed-line.ts';
import { timeOption } from '../../src/cli/terminal/time-option.ts';

function entry(jail: string, time: string, text: string, whole = true): PrintedEntry {
  return { jail, time, stream: 'stdout', whole, text };
}

const texts = (entries: readonly PrintedEntry[]) => entries.map(({ text }) => text);

test('logs are merged to the nanosecond, whatever zone their times are in', () => {
  const web = [
    entry('web', '2026-01-01T10:00:00.000000001+00:00', 'one'),
    entry('web', '2026-01-01T11:00:01.5+01:00', 'four'),
  ];
  const db = [
    entry('db', '2026-01-01T10:00:00.000000002Z', 'two'),
    entry('db', '2026-01-01T05:00:01.499999999-05:00', 'three'),
  ];
  expect(texts(merged([web, db]))).toEqual(['one', 'two', 'three', 'four']);
});

test('the entries of one log keep their order, and none is lost', () => {
  const time = fc.date({ min: new Date(0), max: new Date(2e12), noInvalidDate: true });
  const log = fc.array(
    fc.oneof(
      time.map((at) => at.toISOString()),
      fc.string(),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.array(log, { maxLength: 4 }), (logs) => {
      const entries = logs.map((times, jail) =>
        times.map((at, index) => entry(String(jail), at, String(index))),
      );
      const all = merged(entries);
      for (const [jail, of] of entries.entries())
        expect(all.filter((one) => one.jail === String(jail))).toEqual(of);
      expect(all.length).toBe(entries.flat().length);
    }),
  );
});

test('a pattern is looked for in whole lines, each stream and jail for itself', () => {
  const filter = new LineFilter((text) => text.includes('ab'));
  const given = [
    entry('web', '', 'a', false),
    entry('db', '', 'b'),
    entry('web', '', 'b'),
    entry('web', '', 'ab', false),
  ];
  expect(given.map((one) => texts(filter.take(one)))).toEqual([[], [], ['a', 'b'], []]);
  expect(texts(filter.rest())).toEqual(['ab']);
});

test('a line without an end is not held back for ever', () => {
  const filter = new LineFilter(() => true);
  const taken = Array.from({ length: 5000 }, () => filter.take(entry('web', '', 'x', false))).flat();
  expect(taken.length).toBeGreaterThan(4000);
});

test('times in UTC keep their digits', () => {
  expect(utcTime('2026-01-31T09:30:00.123456789+02:00')).toBe('2026-01-31T07:30:00.123456789Z');
  expect(utcTime('no time')).toBe('no time');
});

test('a time is a date, a time of day, or how long ago', () => {
  expect(timeOption('2026-01-31T09:30:00+02:00')).toBe('2026-01-31T07:30:00.000Z');
  expect(timeOption('2026-01-31 09:30Z')).toBe('2026-01-31T09:30:00.000Z');
  expect(timeOption('2026-01-31')).toBe(new Date(2026, 0, 31).toISOString());
  const before = Date.now() - 600_000;
  expect(Date.parse(timeOption('10min'))).toBeGreaterThanOrEqual(before);
  expect(Date.parse(timeOption('10min'))).toBeLessThanOrEqual(Date.now() - 600_000 + 1000);
  for (const wrong of ['', 'yesterday', '2026-13-01', '2026-01-31 25:00', '10', '1e3s', '-1s'])
    expect(() => timeOption(wrong), wrong).toThrow('a time such as');
});
