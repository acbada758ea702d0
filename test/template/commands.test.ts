import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProdng } from '../support/prodng.ts';
import { scratchFolder, templateOf } from './scratch.ts';

async function prodng(...argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProdng(argv);
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${status}: ${stderr}`);
  return stdout;
}

describe('prodng new', () => {
  it('makes a source and says what to do next', async () => {
    const target = join(scratchFolder(), 'cache');
    const text = await prodng(
      'new',
      'debian-service',
      target,
      '--set',
      'unit=none',
      '--set',
      'port=6380',
      '--set',
      'command=/bin/x --a=b',
    );
    expect(text).toContain(`cd ${target}\n  prodng build\n  prodng run --publish 6380:6380 ../cache_0.1.0_`);
    expect(readdirSync(target)).toContain('debian');
  });

  it('reports as JSON', async () => {
    const target = join(scratchFolder(), 'hello');
    const report = JSON.parse(await prodng('new', 'python-service', target, '--json'));
    expect(report).toMatchObject({ dir: target, name: 'hello', template: 'python-service' });
    expect(report.files).toContain('debian/control');
  });

  it('tells what of a proposal cannot work, by the tags of lint', async () => {
    const set = ['--set', 'unit=none', '--set', 'command=/usr/sbin/x --daemon'];
    const text = await prodng('new', 'debian-service', join(scratchFolder(), 'cache'), ...set);
    expect(text).toMatch(/^\w+: command-daemonises: debian\/control:\d+: /m);
    const json = await prodng('new', 'debian-service', join(scratchFolder(), 'cache'), ...set, '--json');
    expect(JSON.parse(json).findings).toContainEqual(expect.objectContaining({ tag: 'command-daemonises' }));
    const sound = await prodng('new', 'python-service', join(scratchFolder(), 'hello'), '--json');
    expect(JSON.parse(sound).findings).toEqual([]);
  });

  it('refuses a --set that is no assignment', async () => {
    const target = join(scratchFolder(), 'hello');
    await expect(prodng('new', 'python-service', target, '--set', 'port')).rejects.toThrow('name=value');
  });
});

describe('prodng templates', () => {
  it('lists the templates with their variables', async () => {
    expect(await prodng('templates')).toMatch(/^python-service: .*\n.*\n {4}port .*\(default: 8080\)$/m);
    const listed = JSON.parse(await prodng('templates', '--json'));
    expect(listed).toContainEqual(
      expect.objectContaining({ name: 'debian-service', variables: expect.arrayContaining([]) }),
    );
  });

  it('lists those of another folder', async () => {
    const dir = templateOf({ description: 'mine' }, { file: '' });
    expect(await prodng('templates', '--template-dir', join(dir, '..'))).toBe('own: mine\n');
  });
});
