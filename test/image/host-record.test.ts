import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import {
  armed,
  committed,
  type HostRecord,
  parseHostRecord,
  readHostRecord,
  rolledBack,
  updateFault,
  withoutFailed,
  writeHostRecord,
} from '../../src/image/host/host-record.ts';

const old = { digest: 'a'.repeat(64), version: '1.0', date: 1000 };
const next = { digest: 'b'.repeat(64), version: '1.1', date: 2000 };
const fresh: HostRecord = { format: 1, refused: [], newest: 0 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-record-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an update', () => {
  const running = committed(fresh, old);

  test('that is committed becomes the newest image, and nothing older is taken', () => {
    const after = committed(armed(running, next), next);
    expect(after).toEqual({ format: 1, refused: [], newest: 2000, committed: next.digest });
    expect(updateFault(after, old)).toContain('older');
    expect(updateFault(after, old, true)).toContain('older');
  });

  test('that does not run after the start is refused by its digest, until it is asked for again', () => {
    const failed = withoutFailed(armed(running, next), old.digest);
    if (failed === undefined) throw new Error('nothing has failed');
    expect(failed).toEqual({ ...running, refused: [next.digest] });
    expect(updateFault(failed, next)).toContain('failed its trial');
    expect(updateFault(failed, next, true)).toBeUndefined();
    expect(armed(failed, next).refused).toEqual([]);
  });

  test('that runs after the start has not failed', () => {
    expect(withoutFailed(armed(running, next), next.digest)).toBeUndefined();
    expect(withoutFailed(running, old.digest)).toBeUndefined();
  });

  test('that is replaced by a commit of the old image is refused', () => {
    expect(committed(armed(running, next), old)).toEqual({ ...running, refused: [next.digest] });
  });

  test('that is armed before the first image is committed, and yet to be tried, stays armed', () => {
    const early = committed(armed(fresh, next), old, true);
    expect(early).toEqual({ ...running, trying: next });
    expect(withoutFailed(early, old.digest)?.refused).toEqual([next.digest]);
  });
});

test('an image that was rolled back is refused, and a commit of it takes that back', () => {
  const updated = committed(armed(committed(fresh, old), next), next);
  const back = rolledBack(updated, next.digest);
  expect(back.refused).toEqual([next.digest]);
  expect(updateFault(back, next)).toContain('rolled back');
  expect(committed(back, next).refused).toEqual([]);
});

test('what a newer prodng has written in the record stays', async () => {
  const path = join(folder, 'host.json');
  await writeFile(path, JSON.stringify({ ...fresh, later: { key: 1 } }));
  await writeHostRecord(committed(await readHostRecord(path), old), path);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ later: { key: 1 }, newest: 1000 });
});

test('whatever text is there, reading ends with a record or an error of ours', () => {
  const near = fc.record({ format: fc.constant(1), refused: fc.array(fc.string()), newest: fc.anything() });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        near.map((value) => JSON.stringify(value)),
      ),
      (text) => {
        try {
          expect(parseHostRecord(text, 'host.json')).toMatchObject({ format: 1 });
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG' });
          expect(error).toBeInstanceOf(ProdngError);
        }
      },
    ),
  );
});

test('a host without a record has refused nothing', async () => {
  expect(await readHostRecord(join(folder, 'none.json'))).toEqual(fresh);
});
