import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { internalVariables, variables } from '../../scripts/reference/environment.ts';

/** `env.NAME`, and every PRODNG_ name, however it is read. */
const read = /\benv(?:ironment)?\??\.([A-Z][A-Z0-9_]+)|\b(PRODNG_[A-Z]+(?:_[A-Z]+)*)\b(?!_)/g;

test('docs/environment.md lists exactly the variables that the product reads', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(500);
  const names = files.flatMap((name) =>
    [...readFileSync(join('src', name), 'utf8').matchAll(read)].map((match) => match[1] ?? match[2]),
  );
  // of a jail's Jail-Environment, which lint reads
  const others = ['PATH', 'LD_LIBRARY_PATH', 'NODE_PATH', 'PERL5LIB', 'PYTHONPATH'];
  const known = [...variables.map(({ name }) => name), ...internalVariables];
  expect(
    [...new Set(names)]
      .filter((name) => !others.includes(name ?? ''))
      .toSorted((a = '', b = '') => (a < b ? -1 : 1)),
  ).toEqual(known.toSorted((a, b) => (a < b ? -1 : 1)));
});
