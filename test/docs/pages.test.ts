import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plainEnvironment, run } from '../../src/system/process.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { program } from '../support/jail-host.ts';

let host: AgentHost;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  const deb = join(host.folder, 'web.deb');
  await rename(await host.jail({ name: 'web', fields: 'Jail-Command: /bin/sh -c "exec sleep 5000"' }), deb);
  await host.ok('install', deb);
});

afterAll(async () => {
  await host.ok('rm', '--purge', 'web');
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, name, body = '']) =>
    name === language ? [body] : [],
  );
}

/** Runs each command as a reader would, in a folder with web.deb. */
async function follow(page: string): Promise<void> {
  const commands = blocksOf(page, 'sh').flatMap((block) => block.trimEnd().split('\n'));
  expect(commands.length).toBeGreaterThan(5);
  for (const command of commands) {
    const line = `prodng() { '${process.execPath}' '${program}' "$@"; }; ${command}`;
    const { exitCode, stderr } = await run(['sh', '-c', line], {
      cwd: host.folder,
      env: { ...plainEnvironment, ...host.env },
      accept: [0, 1, 2, 127],
    });
    expect({ command, exitCode, stderr }).toEqual({ command, exitCode: 0, stderr: expect.any(String) });
  }
}

test('every command of docs/troubleshooting.md works', { timeout: 300_000 }, async () => {
  await follow('docs/troubleshooting.md');
});

test('every command of docs/coming-from.md works, and its stanza is a valid jail', {
  timeout: 300_000,
}, async () => {
  const source = join(host.folder, 'hello');
  await host.prodng(['new', 'python-service', source]);
  const stanza = blocksOf('docs/coming-from.md', '').find((block) => block.startsWith('Package: hello'));
  const control = join(source, 'debian/control');
  const [head = ''] = readFileSync(control, 'utf8').split(/\n{2,}/);
  mkdirSync(source, { recursive: true });
  writeFileSync(control, `${head}\n\n${stanza ?? ''}`);
  await follow('docs/coming-from.md');
});
