import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lintPath } from '../../../src/lint/lint.ts';
import { listTemplates } from '../../../src/template/template.ts';
import { tagsOf } from '../support/lint-example.ts';
import { writeRawDeb } from '../support/raw-deb.ts';
import { debFaults, MutableDeb } from './deb-faults.ts';
import { type LoadedDeb, loadDeb, RealJails } from './real-jails.ts';

const jails = new RealJails();
afterAll(() => jails.remove());

const slow = 900_000;
const templates = (await listTemplates()).map(({ name }) => name);

describe.each(templates)('the built jail of %s', (template) => {
  test('has no error and no warning', { timeout: slow }, async () => {
    const [result] = await lintPath(await jails.build(template));
    const bad = result?.findings.filter(({ severity }) => severity === 'error' || severity === 'warning');
    expect(bad).toEqual([]);
    expect(result?.outcome).toBe('pass');
    expect(result?.checked.entries).toBeGreaterThan(20);
  });
});

describe.each(['static-binary', 'c-service'])('a changed jail of %s', (template) => {
  let sound: LoadedDeb;
  beforeAll(async () => {
    sound = await loadDeb(await jails.build(template));
  }, slow);

  test(`each of ${debFaults.length} faults is caught by its own tag`, { timeout: slow }, async () => {
    const path = join(jails.folder, `${template}-mutant.deb`);
    const missed: string[] = [];
    for (const { tag, name, apply } of debFaults) {
      const deb = new MutableDeb(sound);
      apply(deb);
      writeRawDeb(path, { control: deb.control, data: deb.data, compression: 'none' });
      const [result] = await lintPath(path);
      const tags = result === undefined ? [] : tagsOf(result);
      if (!tags.includes(tag)) missed.push(`${tag} (${name}): ${tags.join(', ')}`);
    }
    expect(missed).toEqual([]);
  });
});
