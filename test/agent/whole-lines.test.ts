import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LogLine } from '../../src/agent/events/log-file.ts';
import { lastWholeLines, startsOfLastLines, tailLog } from '../../src/agent/events/whole-lines.ts';

function entry(stream: LogLine['stream'], text: string, whole = true): LogLine {
  return { time: '2026-01-01T00:00:00Z', stream, whole, text };
}

const texts = (lines: readonly LogLine[]) => lines.map(({ text }) => text);

it('gives a line that came in parts from its beginning', () => {
  const entries = [entry('stdout', 'before'), entry('stdout', 'listens on', false), entry('stdout', ' 5432')];
  expect(texts(lastWholeLines(entries, 1).lines)).toEqual(['listens on', ' 5432']);
});

it('gives a line that has no end yet', () => {
  const entries = [entry('stdout', 'before'), entry('stdout', 'half', false)];
  expect(texts(lastWholeLines(entries, 1).lines)).toEqual(['half']);
});

it('keeps the parts of the two streams apart', () => {
  const entries = [
    entry('stderr', 'old', false),
    entry('stdout', 'a', false),
    entry('stderr', ' end'),
    entry('stdout', 'b'),
  ];
  expect(texts(lastWholeLines(entries, 1).lines)).toEqual(['a', 'b']);
  expect(texts(lastWholeLines(entries, 2).lines)).toEqual(['old', 'a', ' end', 'b']);
});

it('says when the beginning of a line is not among the entries', () => {
  expect(lastWholeLines([entry('stdout', 'part', false), entry('stdout', 'end')], 1).isComplete).toBe(false);
  expect(lastWholeLines([entry('stdout', 'x'), entry('stdout', 'end')], 1).isComplete).toBe(true);
});

it('gives the last lines whole, in whatever parts and order they came', () => {
  const lines = fc.array(
    fc.record({
      stream: fc.constantFrom<LogLine['stream']>('stdout', 'stderr'),
      parts: fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(lines, fc.nat(14), (written, count) => {
      // one after the other, as one stream has them
      const entries = written.flatMap(({ stream, parts }) =>
        parts.map((text, index) => entry(stream, text, index === parts.length - 1)),
      );
      const last = written.slice(Math.max(0, written.length - count)).flatMap(({ parts }) => parts);
      expect(texts(lastWholeLines(entries, count).lines)).toEqual(last);
    }),
  );
});

it('finds where the last lines of each stream begin, however long the file is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'whole-lines-'));
  const path = join(folder, 'log');
  const entries = fc.array(
    fc.record({
      stream: fc.constantFrom<LogLine['stream']>('stdout', 'stderr'),
      whole: fc.boolean(),
      text: fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[\n\r]/g, '')),
    }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.nat(20),
      fc.constantFrom(1, 9000),
      fc.constantFrom('', '2026-01-01T00:00:00Z stdout F half'),
      async (written, count, stretch, half) => {
        const lines = written.map((one) => entry(one.stream, one.text.repeat(stretch), one.whole));
        const texts = lines.map(
          ({ time, stream, whole, text }) => `${time} ${stream} ${whole ? 'F' : 'P'} ${text}\n`,
        );
        await writeFile(path, texts.join('') + half);
        const starts = await startsOfLastLines(path, count);
        let offset = 0;
        const kept = lines.filter(({ stream }, index) => {
          const begin = offset;
          offset += Buffer.byteLength(texts[index] ?? '');
          return begin >= starts[stream];
        });
        expect(kept).toEqual(lastWholeLines(lines, count).lines);
        expect(await tailLog(path, count)).toEqual(kept);
      },
    ),
    { numRuns: 60 },
  );
  await rm(folder, { recursive: true });
});
