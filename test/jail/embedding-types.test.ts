import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prodng-consumer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('has types for a TypeScript program of somebody else, checked as strictly as can be', async () => {
  // as it is installed: none of our own node_modules is near
  const installed = join(folder, 'node_modules/prodng');
  await cp('dist/types', join(installed, 'dist/types'), { recursive: true });
  await cp('package.json', join(installed, 'package.json'));
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
