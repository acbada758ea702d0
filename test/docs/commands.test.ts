import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { testEnvironment } from '../support/prodng.ts';

const home = mkdtempSync('/var/tmp/prodng-docs-');
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A service needs a moment to come up; a reader does too, a script does not. */
const patient = `curl() { command curl --silent --fail --retry 60 --retry-delay 1 --retry-connrefused --retry-all-errors "$@"; }
shopt -s expand_aliases
set -e
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
`;

/** Runs lines in one shell, as a reader would. */
async function follow(
  lines: string,
  env: Record<string, string>,
): Promise<{ status: number; output: string }> {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${patient}set -x\n${lines}`], {
    cwd: resolve('.'),
    env: await testEnvironment({ HOME: home, ...env }),
    encoding: 'utf8',
    timeout: 1_200_000,
  });
  return { status: status ?? -1, output: `${stdout}${stderr}` };
}

function blocks(file: string, language: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, name, body = '']) =>
    name === language ? [body] : [],
  );
}

test('every command of GettingStarted.md works, in its order', { timeout: 1_500_000 }, async () => {
  const commands = blocks('GettingStarted.md', 'sh');
  expect(commands.length).toBeGreaterThan(10);
  const { status, output } = await follow(commands.join('\n'), {});
  if (status !== 0) throw new Error(output.slice(-4000));
  expect(output).toContain('Hello from hello');
  expect(output).toContain('Good morning from hello');
  expect(output).toContain('I am 1000');
  expect(output).toContain('"lopback"');
  expect(output).toContain('+PONG');
  expect({ status, end: output.slice(-3000) }).toMatchObject({ status: 0 });
});

test("README's example works as written", { timeout: 900_000 }, async () => {
  const [example = ''] = blocks('README.md', 'console');
  const commands = example.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
  expect(commands.length).toBeGreaterThan(4);
  const lines = `cd "$(mktemp -d -p "$HOME")"\n${commands.join('\n')}\nkill %1\nwait`;
  const { status, output } = await follow(lines, { PATH: `${resolve('bin')}:${process.env.PATH}` });
  const answers = example.split('\n').filter((line) => line !== '' && !line.startsWith('$ '));
  for (const answer of answers) expect(output).toContain(answer);
  expect({ status, end: output.slice(-3000) }).toMatchObject({ status: 0 });
});
