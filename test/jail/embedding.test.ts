import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
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
  return run([process.execPath, ...argv], { env: host.env, accept: [0, 1, 2, 3, 13] });
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

it('has types for a TypeScript program of somebody else, checked as strictly as can be', async () => {
  const folder = join(host.folder, 'consumer');
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(resolve('.'), join(folder, 'node_modules/prodng'));
  await symlink(resolve('node_modules/@types'), join(folder, 'node_modules/@types'));
  await symlink(resolve('node_modules/undici-types'), join(folder, 'node_modules/undici-types'));
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await writeFile(
    join(folder, 'main.ts'),
    `import { errorCodes, Jail, type JailOptions, ProdngError, type RunReport } from 'prodng/runtime';
     const options: JailOptions = { publish: [{ hostPort: 8080, jailPort: 80 }] };
     const jail = new Jail('hello.deb', options);
     const report: RunReport = await jail.start();
     const memory: number = report.declaration.memory;
     const status: number = await jail.wait();
     console.log(memory, status, new ProdngError('USAGE', 'text').code, errorCodes.USAGE.exit);
     // @ts-expect-error no such option
     new Jail('hello.deb', { publsh: [] });`,
  );
  const check = (module: string, moduleResolution: string, ...more: string[]) => {
    const compiler = resolve('node_modules/typescript/bin/tsc');
    const kind = ['--module', module, '--moduleResolution', moduleResolution, ...more];
    const always = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node'];
    return run([process.execPath, compiler, ...always, ...kind, 'main.ts'], {
      cwd: folder,
      accept: [0, 1, 2],
    });
  };
  const fine = { exitCode: 0, stdout: '' };
  expect(await check('nodenext', 'nodenext', '--skipLibCheck')).toMatchObject(fine);
  expect(await check('esnext', 'bundler', '--exactOptionalPropertyTypes')).toMatchObject(fine);
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
