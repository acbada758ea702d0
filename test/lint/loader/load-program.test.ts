import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KeptBytes } from '../../../src/lint/elf/kept-bytes.ts';
import { parseElf } from '../../../src/lint/elf/parse-elf.ts';
import { LibraryLoader } from '../../../src/lint/loader/load-program.ts';
import { type FileFacts, Rootfs, type RootfsNode } from '../../../src/lint/rootfs.ts';

const triplet = 'x86_64-linux-gnu';

/** This machine's own root as the rootfs of a jail; files are looked into only when they are asked for. */
function hostRootfs(): Rootfs {
  const nodes = new Map<string, RootfsNode>();
  const add = (path: string): void => {
    const stat = lstatSync(path);
    const type = stat.isSymbolicLink() ? 'symlink' : stat.isDirectory() ? 'directory' : 'file';
    const target = type === 'symlink' ? readlinkSync(path) : '';
    const node: RootfsNode = { path, type, mode: stat.mode & 0o7777, size: stat.size, mtime: 0, target };
    let facts: FileFacts | undefined;
    nodes.set(path, node);
    if (type !== 'file') return;
    Object.defineProperty(node, 'what', {
      get: () => {
        facts ??= elfFacts(path);
        return facts;
      },
    });
  };
  const addAll = (path: string): void => {
    add(path);
    for (const name of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, name.name);
      if (name.isDirectory()) addAll(child);
      else if (name.isSymbolicLink() || /\.so(?:\.|$)/.test(name.name)) add(child);
    }
  };
  for (const path of ['/', '/usr', '/bin', '/sbin', '/lib', '/lib64', '/usr/bin', '/usr/sbin', '/etc'])
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) add(path);
  for (const path of ['/usr/lib', '/usr/lib64'])
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) addAll(path);
  for (const program of programs()) add(program);
  const cache = '/etc/ld.so.cache';
  add(cache);
  return new Rootfs(nodes, new Map([[cache, readFileSync(cache)]]));
}

function elfFacts(path: string): FileFacts | undefined {
  const bytes = readFileSync(path);
  const kept = new KeptBytes();
  kept.begin(bytes.length);
  kept.update(bytes);
  if (!kept.isElf()) return undefined;
  const elf = parseElf(kept);
  return 'fault' in elf ? { kind: 'broken-elf', fault: elf } : { kind: 'elf', elf };
}

/** An even sample of this machine's programs. */
function programs(): string[] {
  const all = ['/usr/bin', '/usr/sbin'].flatMap((folder) =>
    readdirSync(folder).map((name) => join(folder, name)),
  );
  const files = all.filter((path) => lstatSync(path).isFile());
  return files.filter((_, index) => index % Math.max(1, Math.floor(files.length / 150)) === 0);
}

/** What the loader itself says: the real paths of all libraries, or undefined for what it does not load. */
function ldd(program: string): { loaded: string[]; missing: string[] } | undefined {
  try {
    const said = execFileSync('ldd', [program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    });
    if (said.includes('statically linked')) return undefined;
    const loaded = Array.from(said.matchAll(/(?:=> |^\t)(\/\S+) \(0x/gm), (match) =>
      realpathSync(match[1] ?? ''),
    );
    const missing = Array.from(said.matchAll(/^\t(\S+) => not found/gm), (match) => match[1] ?? '');
    return { loaded: [...new Set(loaded)].sort(), missing: missing.sort() };
  } catch {
    return undefined;
  }
}

test("finds for this machine's programs the libraries that the loader finds", { timeout: 300_000 }, () => {
  const rootfs = hostRootfs();
  const loader = new LibraryLoader(rootfs, { libraryPath: [], triplet });
  let compared = 0;
  for (const program of programs()) {
    const node = rootfs.nodes.get(program);
    const expected = node?.what?.kind === 'elf' ? ldd(program) : undefined;
    if (node === undefined || expected === undefined) continue;
    const { loaded, missing } = loader.load(node);
    // ldd names the loader itself, which is loaded by the kernel and not by name
    const isLoader = (path: string): boolean => /\/ld-linux[^/]*$/.test(path);
    const ours = [...loaded].filter((path) => path !== program && !isLoader(path)).sort();
    expect({ program, loaded: ours, missing: missing.map(({ name }) => name).sort() }).toEqual({
      program,
      loaded: expected.loaded.filter((path) => !isLoader(path)),
      missing: expected.missing,
    });
    compared += 1;
  }
  expect(compared).toBeGreaterThan(60);
});
