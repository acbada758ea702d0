import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FreshFolder } from '../../src/output/fresh-folder.ts';
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
    expect(left).toMatch(/^hello\.tmp-[0-9a-f]{12}$/);

    mkdirSync(join(parent, 'hello.tmp-mine'));
    const other = await FreshFolder.make(target);
    await writeNewFolder(await checkTarget(target), files);
    expect(readdirSync(parent), 'what is still being written stays').toHaveLength(3);
    await other.discard();
    expect(readdirSync(parent)).toEqual(['hello', 'hello.tmp-mine']);
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
