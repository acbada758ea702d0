import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';
import { type JailHost, makeJailHost } from '../support/jail-host.ts';

let host: JailHost;

beforeAll(async () => {
  host = await makeJailHost();
});

afterAll(async () => {
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

/** Runs a program that embeds the runtime module, as somebody else's would be: by the package's name. */
async function embedding(program: string) {
  const loader = `const { Jail, ProdngError } = await import('prodng/runtime');`;
  const argv = ['--input-type=module', '--eval', `${loader}\n${program}`] as const;
  return run([process.execPath, ...argv], { cwd: process.cwd(), env: host.env, accept: [0, 1, 2, 3, 13] });
}

it('runs a jail for a program of somebody else', async () => {
  const deb = await host.jail({ fields: 'Jail-Command: /bin/sh -c "echo in the jail; exit 5"' });
  const { stdout } = await embedding(
    `const jail = new Jail('${deb}');
     const { name, pid } = await jail.start();
     console.log(name, pid > 1, await jail.wait());`,
  );
  expect(stdout.split('\n').toSorted()).toEqual([`${host.name} true 5`, 'in the jail'].toSorted());
});

it('does what the example in the documentation says', async () => {
  const fields =
    'Jail-Network: loopback\nJail-Command: /bin/sh -c "trap \\"exit 7\\" TERM; while :; do sleep 0.1; done"';
  const deb = await host.jail({ fields });
  const [, example = ''] =
    /## Embedding.*?```js\n(.*?)```/s.exec(await readFile('docs/agent.md', 'utf8')) ?? [];
  const program = example
    .replace('hello_1.0-1_amd64.deb', deb)
    .replace('hostPort: 8080', 'hostPort: 0')
    .replace('60_000', '500');
  const { stdout } = await run([process.execPath, '--input-type=module', '--eval', program], {
    cwd: process.cwd(),
    env: host.env,
  });
  expect(stdout).toMatch(/^pid \d+, seccomp mode 2\nit ended with status 7$/);
});

it('stops it as it declares', async () => {
  const fields = 'Jail-Command: /bin/sh -c "trap \\"exit 7\\" TERM; while :; do sleep 0.1; done"';
  const { stdout } = await embedding(
    `const jail = new Jail('${await host.jail({ fields })}');
     await jail.start();
     await new Promise((resolve) => setTimeout(resolve, 500));
     console.log(await jail.stop());`,
  );
  expect(stdout).toBe('7');
});

it('throws errors with stable codes', async () => {
  const { stdout } = await embedding(
    `try { await new Jail('/nonexistent.deb').start(); }
     catch (error) { console.log(error instanceof ProdngError, error.code); }`,
  );
  expect(stdout).toBe('true IO');
});
