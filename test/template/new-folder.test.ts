import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { checkTarget, writeNewFolder } from '../../src/template/new-folder.ts';
import { scratchFolder } from './scratch.ts';

const files = [{ path: 'a/b', content: 'content', executable: true }];

describe('a new folder', () => {
  it('is not there, and later cleared away, when the run that makes it is killed', {
    timeout: 120_000,
  }, async () => {
    const target = join(scratchFolder(), 'hello');
    const parent = dirname(target);
    const program = spawn('node', [
      'scripts/run-ts.mjs',
      'test/template/programs/write-many-files.ts',
      target,
    ]);
    while (!writesIn(parent) && program.exitCode === null) await setTimeout(5);
    program.kill('SIGKILL');
    await once(program, 'close');

    expect(program.signalCode).toBe('SIGKILL');
    const [left = '', ...others] = readdirSync(parent);
    expect(others).toEqual([]);
    expect(left).toMatch(/^\.hello\.prodng-new-[0-9a-f]{12}$/);

    await writeNewFolder(await checkTarget(target), files);
    expect(readdirSync(parent), 'what may still be written stays').toEqual([left, 'hello']);
    utimesSync(join(parent, left), 0, 0);
    const mine = join(parent, '.hello.prodng-new-mine');
    mkdirSync(mine);
    utimesSync(mine, 0, 0);
    await expect(writeNewFolder(target, files)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(readdirSync(parent)).toEqual(['.hello.prodng-new-mine', 'hello']);
  });

  it('never replaces a file or a full folder that came to be in the meantime', async () => {
    const target = join(scratchFolder(), 'hello');
    const checked = await checkTarget(target);
    writeFileSync(target, 'mine');
    await expect(writeNewFolder(checked, files)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(readdirSync(dirname(target))).toEqual(['hello']);
  });

  it('leaves nothing when a file cannot be written', async () => {
    const target = join(scratchFolder(), 'hello');
    const clash = [...files, { path: 'a', content: '', executable: false }];
    await expect(writeNewFolder(target, clash)).rejects.toMatchObject({ code: 'IO' });
    expect(readdirSync(dirname(target))).toEqual([]);
  });
});

function writesIn(parent: string): boolean {
  return readdirSync(parent).some((name) => existsSync(join(parent, name, 'folder/10')));
}
