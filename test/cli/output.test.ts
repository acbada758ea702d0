import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JailProcess } from '../../src/agent/metrics/processes.ts';
import type { Stats } from '../../src/agent/metrics/stats.ts';
import { printable, tableText } from '../../src/cli/terminal/output.ts';
import { statsColumns, usageOf } from '../../src/cli/terminal/rates.ts';
import { topText } from '../../src/cli/terminal/top-text.ts';

const long = `${'a-long-name-of-a-package-'.repeat(2)}x`;

function statsOf(name: string, changes: Partial<Stats> = {}): Stats {
  return {
    name,
    time: 1_000,
    cpu: 0,
    memory: 512 * 2 ** 20,
    memoryLimit: 999 * 2 ** 20,
    pids: 1234,
    threads: 12_345,
    files: 1234,
    read: 0,
    written: 0,
    received: 0,
    sent: 0,
    ...changes,
  };
}

function processOf(pid: number, changes: Partial<JailProcess> = {}): JailProcess {
  return {
    pid,
    jailPid: 1,
    uid: 0,
    state: 'S',
    threads: 1,
    files: 3,
    resident: 2 ** 20,
    cpu: 0,
    waited: 0,
    read: 0,
    written: 0,
    command: 'sleep',
    ...changes,
  };
}

it('keeps every column within 80, and names of instances apart, however long they are', () => {
  const rows = usageOf([], [statsOf(`${long}@1`), statsOf(`${long}@2`)]);
  const [title = '', first = '', second = ''] = tableText(rows, statsColumns, 80).split('\n');
  expect(title).toContain('TX/s');
  for (const line of [title, first, second]) expect(line.length).toBeLessThanOrEqual(80);
  expect([first.split('  ')[0], second.split('  ')[0]]).toEqual([
    expect.stringMatching(/^a-long.*\u2026.*@1$/),
    expect.stringMatching(/^a-long.*\u2026.*@2$/),
  ]);
  expect(tableText(rows, statsColumns, undefined)).toContain(long);
});

it('writes no line wider than the terminal', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 100 })), fc.integer({ min: 1, max: 200 }), (names, width) => {
      const columns = [
        { title: 'NAME', text: (name: string) => name, shrinks: true as const },
        { title: 'SIZE', text: (name: string) => String(name.length) },
      ];
      for (const line of tableText(names, columns, width).split('\n'))
        expect(line.length).toBeLessThanOrEqual(width);
    }),
  );
});

it('computes rates of processes from the time between two samples, and sorts by the given key', () => {
  const before = [statsOf('web', { processes: [processOf(1), processOf(2, { resident: 3 * 2 ** 20 })] })];
  const processes = [
    processOf(1, { cpu: 1000, read: 4096, waited: 500 }),
    processOf(2, { cpu: 200, resident: 3 * 2 ** 20, command: 'big' }),
  ];
  const now = [statsOf('web', { time: 3_000, cpu: 1_000_000, processes })];
  const rows = (sort: 'cpu' | 'memory') =>
    topText(before, now, { sort, observed: false }).split('\n').slice(-3, -1);
  expect(rows('cpu')[0]).toMatch(/^1 +1 +S +50\.0 +25\.0 +1\.0M +2\.0K +0 +1 +3 +sleep$/);
  expect(rows('memory')[0]).toMatch(/^2 .*big$/);
  expect(topText(before, now, { sort: 'cpu', observed: false })).toMatch(
    /^1 running, 1234 processes, CPU 50\.0%/,
  );
});

it('lets nothing through that moves a cursor or turns the direction of writing', () => {
  expect(printable('a\u001b[2J\u009b\u202eb\t\r\n')).toBe('a\\x1b[2J\\x9b\\u202eb\t\\x0d\\x0a');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/[^\t\P{Cc}]|\p{Bidi_Control}/u);
    }),
  );
});
