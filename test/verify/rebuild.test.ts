import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silent } from '../../src/system/progress.ts';
import { type VariationName, variationNames } from '../../src/verify/rebuild/variation-names.ts';
import { verifyDeb } from '../../src/verify/verify.ts';
import { build, leak, newSource, testArchives, testPaths } from './built-jail.ts';

const scratch = mkdtempSync('/var/tmp/prodng-rebuild-');
const timeout = 900_000;
let template = '';

beforeAll(async () => {
  template = await newSource(scratch);
  // the lock comes with the first build, and serves the others
  await build(template, scratch);
}, timeout);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Builds a source whose build lets its surroundings in, and verifies it by rebuilding. */
async function rebuild(
  name: string,
  lines: readonly string[],
  variations: readonly VariationName[] = variationNames,
) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const source = join(folder, 'hello');
  cpSync(template, source, { recursive: true });
  if (lines.length > 0) leak(source, lines);
  const { path } = await build(source, folder);
  const verification = await verifyDeb(path, {
    paths: await testPaths(),
    archives: await testArchives(),
    progress: silent,
    rebuild: { source, variations },
  });
  return {
    check: verification.checks.find(({ id }) => id === 'rebuild'),
    others: verification.checks.filter(({ id, status }) => id !== 'rebuild' && status === 'failed'),
    report: verification.rebuild,
  };
}

test('the template is bit for bit the same with everything varied at once', { timeout }, async () => {
  const { check, report } = await rebuild('clean', []);
  expect(check?.status).toBe('passed');
  expect(report).toMatchObject({ isIdentical: true, varied: variationNames, unavailable: [], builds: 1 });
});

const four = ['build-path', 'hostname', 'umask', 'jobs'] as const;
const leaks: [VariationName, string[]][] = [
  ['hostname', ['uname -n >$(LEAK)']],
  ['build-path', ['pwd >$(LEAK)']],
  ['umask', ['echo "$$FIRST_UMASK" >$(LEAK)']],
  ['jobs', ['echo "$$DEB_BUILD_OPTIONS" >$(LEAK)']],
];

test.for(leaks)(
  'a build that lets %s in differs for that, and only that is named',
  { timeout },
  async ([name, lines]) => {
    const { check, others, report } = await rebuild(name, lines, four);
    expect(check?.status).toBe('failed');
    expect(others).toEqual([]);
    expect(report?.cause?.variations).toEqual([name]);
    expect(report?.diff?.files.map(({ path }) => path)).toEqual(['/usr/share/hello/leak']);
    expect(report?.diff?.files[0]?.detail?.diff).toMatch(/^-.*\n\+/m);
    expect(report?.bytes?.join()).toMatch(/data\.tar\.xz: \d+ bytes, .*first that differs is \d+/);
  },
);

test('a build that lets everything in has everything named, the clock among it', { timeout }, async () => {
  const { report } = await rebuild('everything', [
    'pwd >$(LEAK)',
    'id -un >>$(LEAK)',
    'echo "$$FIRST_HOME" >>$(LEAK)',
    'uname -n >>$(LEAK)',
    'date +%s >>$(LEAK)',
    'date -d @0 +%H >>$(LEAK)',
    'echo "$$LANGUAGE" >>$(LEAK)',
    'echo "$$FIRST_UMASK" >>$(LEAK)',
    'echo "$$EDITOR" >>$(LEAK)',
    'nproc >>$(LEAK)',
    'ls -U debian/source . >>$(LEAK)',
    'uname -r | cut -c1 >>$(LEAK)',
    'echo "$$DEB_BUILD_OPTIONS" >>$(LEAK)',
    'stat -f -c %b . >>$(LEAK)',
  ]);
  expect(report?.cause?.variations.toSorted()).toEqual([...variationNames].toSorted());
});

test('a .deb that was made of another source is distinguished from one that varies', {
  timeout,
}, async () => {
  const folder = join(scratch, 'other');
  mkdirSync(folder);
  const source = join(folder, 'hello');
  cpSync(template, source, { recursive: true });
  leak(source, ['echo other >$(LEAK)']);
  const { path } = await build(source, folder);
  const { rebuild: report } = await verifyDeb(path, {
    paths: await testPaths(),
    archives: await testArchives(),
    rebuild: { source: template, variations: ['jobs', 'clock'] },
  });
  expect(report?.cause).toMatchObject({
    variations: [],
    explanation: expect.stringContaining('something else'),
  });
});
