import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildResult, buildSource } from '../../src/build/build-source.ts';
import { loadArchives } from '../../src/store/archive-config.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import { type Paths, prodngPaths } from '../../src/system/paths.ts';
import { runProdng, testEnvironment } from '../support/prodng.ts';

export async function testPaths(): Promise<Paths> {
  return prodngPaths(await testEnvironment());
}

export async function testArchives() {
  return await loadArchives({ architecture: hostArchitecture(), env: process.env });
}

/** Makes the template's service in a folder. */
export async function newSource(folder: string): Promise<string> {
  const source = join(folder, 'hello');
  const { status, stderr } = await runProdng(['new', 'python-service', source]);
  if (status !== 0) throw new Error(stderr);
  return source;
}

/** Builds a source, as prodng build does. */
export async function build(source: string, output: string): Promise<BuildResult> {
  return await buildSource({
    dir: source,
    output,
    locked: false,
    archives: await testArchives(),
    paths: await testPaths(),
  });
}

/** Runs shell lines at the end of a build, in the folder of the source; `$(LEAK)` is a file of the package. */
export function leak(source: string, lines: readonly string[]): void {
  const rules = join(source, 'debian/rules');
  const recipe = lines.map((line) => `\t${line}\n`).join('');
  // dh sets another HOME and umask for what it calls
  const text = `${readFileSync(rules, 'utf8')}
LEAK = debian/hello/usr/share/hello/leak
export FIRST_HOME ?= $(HOME)
export FIRST_UMASK ?= $(shell umask)

execute_after_dh_fixperms:
${recipe}`;
  writeFileSync(rules, text);
}

/** Takes a .deb apart with dpkg-deb, changes it, and puts it together again. */
export function repack(deb: string, folder: string, change: (root: string) => void): string {
  const root = join(folder, 'repacked');
  execFileSync('dpkg-deb', ['-R', deb, root]);
  change(root);
  const output = join(folder, 'repacked.deb');
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '-b', root, output], { stdio: 'pipe' });
  return output;
}
