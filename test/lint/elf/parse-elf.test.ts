import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ElfFault, ElfFile } from '../../../src/lint/elf/elf-types.ts';
import { KeptBytes } from '../../../src/lint/elf/kept-bytes.ts';
import { parseElf } from '../../../src/lint/elf/parse-elf.ts';
import { writeElf } from '../support/elf-writer.ts';

/** Parses bytes as they would come out of an archive: in pieces. */
function parseStreamed(
  bytes: Buffer,
  piece = 4096,
  wanted: ReadonlySet<string> = new Set(),
): ElfFile | ElfFault {
  const kept = new KeptBytes();
  kept.begin(bytes.length);
  for (let at = 0; at < bytes.length; at += piece) kept.update(bytes.subarray(at, at + piece));
  return parseElf(kept, wanted);
}

/** What readelf(1) of binutils says of the same file. */
function readelf(path: string) {
  const text = execFileSync('readelf', ['-W', '-d', '-l', path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const all = (pattern: RegExp): string[] => Array.from(text.matchAll(pattern), (match) => match[1] ?? '');
  return {
    needed: all(/\(NEEDED\)\s+Shared library: \[(.*)\]/g),
    soname: all(/\(SONAME\)\s+Library soname: \[(.*)\]/g)[0],
    rpath: all(/\(RPATH\)\s+Library rpath: \[(.*)\]/g).flatMap((path) => path.split(':')),
    runpath: all(/\(RUNPATH\)\s+Library runpath: \[(.*)\]/g).flatMap((path) => path.split(':')),
    interpreter: all(/Requesting program interpreter: (.*)\]/g)[0],
  };
}

function comparable(elf: ElfFile | ElfFault) {
  if ('fault' in elf) return elf;
  const { needed, soname, rpath, runpath, interpreter } = elf;
  return { needed, soname, rpath, runpath, interpreter };
}

function systemFiles(): string[] {
  const folders = ['/usr/bin', '/usr/sbin', '/usr/lib/x86_64-linux-gnu', '/usr/lib/python3.11/lib-dynload'];
  const paths = folders.flatMap((folder) => {
    try {
      return readdirSync(folder).map((name) => realpathSync(join(folder, name)));
    } catch {
      return [];
    }
  });
  return [...new Set(paths)].filter((path) => {
    const stat = statSync(path);
    return (
      stat.isFile() && stat.size > 64 && readFileSync(path).subarray(0, 4).toString('latin1') === '\x7fELF'
    );
  });
}

test('says of the programs and libraries of this machine what readelf says', { timeout: 300_000 }, () => {
  const files = systemFiles();
  // an even sample: readelf takes some 10 ms each
  const sample = files.filter((_, index) => index % Math.max(1, Math.floor(files.length / 200)) === 0);
  expect(sample.length).toBeGreaterThan(100);
  for (const path of sample)
    expect({ path, ...comparable(parseStreamed(readFileSync(path), 65_536)) }).toEqual({
      path,
      ...readelf(path),
    });
});

test('finds the functions that a program takes from libraries', () => {
  const elf = parseStreamed(readFileSync('/usr/bin/chown'), 1000, new Set(['fchownat', 'chroot']));
  expect('fault' in elf ? elf : [...elf.imports]).toEqual(['fchownat']);
});

const name = fc.stringMatching(/^[a-zA-Z0-9._+-]{1,30}$/);
const elfFile = fc.record(
  {
    needed: fc.array(name, { maxLength: 8 }),
    soname: name,
    runpath: fc.array(name, { minLength: 1, maxLength: 4 }).map((all) => `/${all.join(':/')}`),
    interpreter: name.map((each) => `/lib/${each}`),
    machine: fc.constantFrom(3, 62, 183, 243),
  },
  { requiredKeys: [] },
);

test('reads what was written, as readelf does', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'prodng-elf-'));
  try {
    fc.assert(
      fc.property(elfFile, fc.integer({ min: 1, max: 500 }), (elf, piece) => {
        const bytes = writeElf(elf);
        const path = join(folder, 'x');
        writeFileSync(path, bytes);
        expect(comparable(parseStreamed(bytes, piece))).toEqual(readelf(path));
      }),
      { numRuns: 150 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('whatever is changed in a file, it is parsed or refused, never more', { timeout: 120_000 }, () => {
  const base = writeElf({
    needed: ['liba.so.1', 'libb.so.2'],
    runpath: '/usr/lib/x',
    interpreter: '/lib/ld.so',
    imports: ['chown'],
  });
  const change = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 20 });
  fc.assert(
    fc.property(change, fc.nat(base.length), (changes, length) => {
      const bytes = Buffer.from(base.subarray(0, Math.max(4, length)));
      for (const [at, value] of changes) if (at >= 4 && at < bytes.length) bytes[at] = value;
      const elf = parseStreamed(bytes, 100, new Set(['chown']));
      expect('fault' in elf ? elf.fault : elf.needed).toBeDefined();
    }),
    { numRuns: 5000 },
  );
});

test('any bytes behind the magic number are parsed or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
      const elf = parseStreamed(Buffer.concat([Buffer.from('7f454c46', 'hex'), tail]));
      expect('fault' in elf ? elf.fault : elf.machine).toBeDefined();
    }),
    { numRuns: 2000 },
  );
});

test('what is behind the part that is kept is found by the ranges that the headers name', () => {
  // the dynamic section of a large library lies at its end
  const elf = writeElf({ needed: ['libc.so.6'], interpreter: '/lib64/ld-linux-x86-64.so.2' });
  const moved = Buffer.alloc(40 * 2 ** 20);
  elf.copy(moved);
  const dynamic = findProgramHeader(elf, 2);
  const size = Number(elf.readBigUInt64LE(dynamic + 32));
  const offset = Number(elf.readBigUInt64LE(dynamic + 8));
  const far = moved.length - size - 16;
  elf.copy(moved, far, offset, offset + size);
  moved.writeBigUInt64LE(BigInt(far), dynamic + 8);
  moved.fill(0, offset, offset + size);
  const parsed = parseStreamed(moved, 65_536);
  expect('fault' in parsed ? parsed : parsed.needed).toEqual(['libc.so.6']);
});

function findProgramHeader(elf: Buffer, type: number): number {
  const count = elf.readUInt16LE(56);
  for (let index = 0; index < count; index += 1) {
    const at = 64 + index * 56;
    if (elf.readUInt32LE(at) === type) return at;
  }
  throw new Error(`no program header of type ${type}`);
}
