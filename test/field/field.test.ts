import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fieldPackages, shortList } from './packages.ts';
import { unexplained } from './report.ts';
import { wrap } from './wrap.ts';

const folder = mkdtempSync(join('/var/tmp', 'prodng-field-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const chosen = fieldPackages.filter(({ name }) => shortList.includes(name));

it('the short form of the field bench is a part of the long one', () => {
  expect(chosen).toHaveLength(shortList.length);
  expect(fieldPackages.length).toBeGreaterThanOrEqual(25);
});

it.each(chosen)(
  '$name is wrapped, built, linted, and does what it is for',
  { timeout: 900_000 },
  async (item) => {
    const result = await wrap(item, folder);
    expect(result.failed).toBeUndefined();
    expect(result.works).toMatchObject({ matches: true });
    expect(unexplained([result])).toEqual([]);
  },
);
