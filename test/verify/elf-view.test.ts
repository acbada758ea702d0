import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type ElfView, readElfView } from '../../src/verify/diff/elf-view.ts';

const scratch = mkdtempSync('/var/tmp/prodng-elf-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function view(path: string): Promise<ElfView | { fault: string }> {
  const file = await open(path);
  try {
    return await readElfView(file);
  } finally {
    await file.close();
  }
}

function readelf(path: string, ...args: string[]): string {
  return execFileSync('readelf', ['--wide', ...args, path], { encoding: 'utf8' });
}

test.for(['/bin/dash', '/usr/bin/xz', '/usr/bin/openssl'])('%s is read as readelf reads it', async (name) => {
  const path = realpathSync(name);
  const elf = await view(path);
  if ('fault' in elf) throw new Error(elf.fault);
  const needed = [...readelf(path, '--dynamic').matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
  expect(elf.needed).toEqual(needed);
  const sections = readelf(path, '--sections').matchAll(
    /^ +\[ *[1-9]\d*\] (\S+) +\S+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)/gm,
  );
  const sizes = [...sections].map((match) => [match[1], Number.parseInt(match[2] ?? '', 16)]);
  expect([...elf.sections].map(([section, { size }]) => [section, size])).toEqual(sizes);
  const rows = readelf(path, '--dyn-syms')
    .split('\n')
    .flatMap((line) => {
      const words = line.trim().split(/\s+/);
      const [index = '', , , , , , place, symbol] = words;
      if (!/^\d+:$/.test(index) || symbol === undefined) return [];
      return [`${place === 'UND' ? 'U' : 'T'} ${symbol.replace(/@.*/, '')}`];
    });
  expect([...elf.symbols].toSorted()).toEqual([...new Set(rows)].toSorted());
});

test('bytes changed at random end in a view or a fault, never otherwise', { timeout: 120_000 }, async () => {
  const good = readFileSync(realpathSync('/bin/dash'));
  const path = join(scratch, 'mutated');
  const change = fc.tuple(
    fc.oneof(
      fc.nat(63),
      fc.nat(good.length - 1),
      fc.integer({ min: good.length - 2000, max: good.length - 1 }),
    ),
    fc.nat(255),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 8 }),
      fc.nat(good.length),
      async (changes, cut) => {
        const bytes = Buffer.from(good);
        for (const [at, byte] of changes) bytes[at] = byte;
        writeFileSync(path, cut % 3 === 0 ? bytes.subarray(0, cut) : bytes);
        const elf = await view(path);
        expect('fault' in elf || elf.sections instanceof Map).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
