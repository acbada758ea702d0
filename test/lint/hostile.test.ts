import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { lintPath } from '../../src/lint/lint.ts';
import { parseLinkerCache } from '../../src/lint/loader/linker-cache.ts';
import { readPolicy } from '../../src/lint/policy-file.ts';
import { readOverrides } from '../../src/lint/read-overrides.ts';
import { Rootfs, type RootfsNode } from '../../src/lint/rootfs.ts';
import { runProdng } from '../support/prodng.ts';
import { writeExampleDeb } from './support/example-deb.ts';
import { writeExampleSource } from './support/example-source.ts';
import { lintExample, tagsIn, tagsOf } from './support/lint-example.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'prodng-hostile-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

describe('broken input is reported, and never a crash', () => {
  test.each(['debian/control', 'debian/changelog', 'debian/jail.lock', 'debian/jail.lint-overrides'])(
    'a fifo as %s keeps nobody waiting',
    async (file) => {
      writeExampleSource(scratch, {});
      rmSync(join(scratch, file), { force: true });
      execFileSync('mkfifo', [join(scratch, file)]);
      await expect(lintPath(scratch)).rejects.toThrow('not a regular file');
    },
  );

  test('a folder that may be passed through and not listed is named', async () => {
    writeExampleSource(scratch, {});
    const debian = join(scratch, 'debian');
    chmodSync(debian, 0o711);
    chownSync(debian, 4242, 4242);
    // root without the capabilities to override modes is as good as somebody else
    const prefix = ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'];
    const { status, stderr } = await runProdng(['lint', scratch], { prefix });
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`${debian}: cannot be read: permission denied`),
    });
  });

  test.each(['x.deb', 'x.changes', 'policy.json'])('nor does one called %s', async (name) => {
    const path = join(scratch, name);
    execFileSync('mkfifo', [path]);
    const read = name === 'policy.json' ? readPolicy(path) : lintPath(path);
    await expect(read).rejects.toThrow('not a regular file');
  });

  test('a control file of 100 MB', { timeout: 120_000 }, async () => {
    writeExampleSource(scratch, {});
    truncateSync(join(scratch, 'debian/control'), 100 * 2 ** 20);
    expect(await tagsIn(scratch)).toContain('control-syntax');
  });

  test('a control file that is not UTF-8', async () => {
    writeExampleSource(scratch, {});
    const bytes = Buffer.from(
      'Source: x\n\nPackage: x\xff\xfe\nXB-Jail-Format: 1\nXB-Jail-Command: /bin/x\n',
      'latin1',
    );
    writeFileSync(join(scratch, 'debian/control'), bytes);
    expect(await tagsIn(scratch)).toContain('control-syntax');
  });

  test('a truncated .deb, wherever it ends', { timeout: 120_000 }, async () => {
    const path = join(scratch, 'x.deb');
    for (const keep of [0, 4, 60, 100, 200, 500, 1000, 1500]) {
      writeExampleDeb(path, {});
      truncateSync(path, keep);
      await expect(lintPath(path)).rejects.toBeInstanceOf(ProdngError);
    }
  });

  test('a loop of symbolic links that the command leads into', async () => {
    const loop = { type: 'symlink', target: 'hello' } as const;
    expect(tagsOf(await lintExample({ rootfs: { 'usr/bin/hello': loop } }, 'deb'))).toContain(
      'command-missing',
    );
  });

  test('a folder that is a link to itself', async () => {
    const rootfs = { 'etc/a': { type: 'symlink', target: 'a/a/a' } } as const;
    expect(tagsOf(await lintExample({ rootfs }, 'deb'))).toContain('link-loop');
  });

  test('a source whose files are links that go round in a circle', async () => {
    mkdirSync(join(scratch, 'debian'));
    symlinkSync('control', join(scratch, 'debian/control'));
    await expect(lintPath(scratch)).rejects.toMatchObject({ code: 'IO' });
  });

  test.each(['no such path', 'neither.deb'])('%s', async (name) => {
    await expect(lintPath(join(scratch, name))).rejects.toMatchObject({ code: 'IO' });
  });

  test('scripts that run each other for ever', async () => {
    const script = (other: string) => ({ content: `#!/usr/bin/${other}\n`, mode: 0o755 });
    const rootfs = { 'usr/bin/hello': script('b'), 'usr/bin/b': script('hello') };
    expect(tagsOf(await lintExample({ rootfs }, 'deb'))).toContain('command-missing');
  });

  test('libraries that need each other', async () => {
    const rootfs = {
      'usr/bin/hello': { mode: 0o755, elf: { needed: ['liba.so', 'libb.so'] } },
      'usr/lib/liba.so': { elf: { needed: ['libb.so'] } },
      'usr/lib/libb.so': { elf: { needed: ['liba.so', 'libgone.so'] } },
    };
    const result = await lintExample({ rootfs }, 'deb');
    expect(result.findings.filter(({ tag }) => tag === 'library-missing')).toHaveLength(1);
  });
});

const part = fc.constantFrom('a', 'b', '..', '.', '');
const path = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('/'));

test('paths of any tree of links are resolved to an end', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(path, path), { maxLength: 8 }), path, (links, asked) => {
      const nodes = new Map<string, RootfsNode>();
      const put = (at: string, type: RootfsNode['type'], target = ''): void => {
        nodes.set(at, { path: at, type, mode: 0o755, size: 0, mtime: 0, target });
      };
      for (const folder of ['/', '/a', '/a/b', '/b']) put(folder, 'directory');
      for (const [at, target] of links) if (at !== '') put(`/${at}`, 'symlink', target);
      const resolved = new Rootfs(nodes, new Map()).resolve(asked);
      expect('node' in resolved ? resolved.node.type : 'not there').not.toBe('symlink');
    }),
    { numRuns: 3000 },
  );
});

test('any bytes are a linker cache of texts that are in them, or none', () => {
  const head = Buffer.from('glibc-ld.so.cache1.1');
  const entries = fc.array(fc.tuple(fc.nat(160), fc.nat(160)), { maxLength: 4 });
  let read = 0;
  fc.assert(
    fc.property(entries, fc.nat(5), fc.uint8Array({ maxLength: 120 }), (places, more, texts) => {
      const table = Buffer.alloc(28 + places.length * 24);
      table.writeUInt32LE(places.length + Math.max(0, more - 4));
      for (const [index, [name, path]] of places.entries()) {
        table.writeUInt32LE(name, 28 + index * 24 + 4);
        table.writeUInt32LE(path, 28 + index * 24 + 8);
      }
      const bytes = Buffer.concat([head, table, texts, Buffer.alloc(1)]);
      const cache = parseLinkerCache(bytes);
      if (cache === undefined) return;
      read += 1;
      const paths = [...cache.values()].flat();
      expect(paths).toHaveLength(places.length);
      for (const [, at] of places) expect(paths).toContain(bytes.toString('utf8', at, bytes.indexOf(0, at)));
    }),
    { numRuns: 3000 },
  );
  expect(read).toBeGreaterThan(100);
});

test('any text is a reason as it is written, or a fault', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { overrides, faults } = readOverrides(`Tag: user-root\nReason: ${text}\n`, 'x');
      if (faults.length > 0) return;
      expect(overrides.map(({ reason }) => reason)).toEqual([text.replace(/\s+/g, ' ').trim()]);
    }),
    { examples: [['a  b'], [' '], ['a\n b'], ['a\n\nTag: x']] },
  );
});
