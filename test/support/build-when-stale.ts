import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';

/** Builds the CLI before a run of tests that would otherwise try what was written earlier. */
export default function buildWhenStale(): void {
  if (process.env.PRODNG_TEST_PROGRAM !== undefined || isCurrent()) return;
  console.log('tests: building the CLI, whose sources are newer than dist');
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}

function isCurrent(): boolean {
  const built = statSync('dist/prodng.cjs', { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return newest('src') < built && newest('templates') < built;
}

function newest(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(...names.map((name) => statSync(`${folder}/${name}`).mtimeMs));
}
