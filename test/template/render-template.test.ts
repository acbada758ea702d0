import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { type RenderOptions, renderTemplate } from '../../src/template/render-template.ts';
import { maintainerEnv, scratchFolder, templateOf } from './scratch.ts';

const target = () => join(scratchFolder(), 'hello');
const render = (options: Partial<RenderOptions>) =>
  renderTemplate({ template: 'debian-service', target: target(), env: maintainerEnv, ...options });

async function refusal(options: Partial<RenderOptions>): Promise<ProdngError> {
  const place = options.target ?? target();
  try {
    await render({ ...options, target: place });
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    expect(readdirSync(dirname(place)).filter((name) => name !== basename(place))).toEqual([]);
    return error;
  }
  throw new Error('it was rendered');
}

describe('the target of prodng new', () => {
  it('may be an empty folder, which keeps its mode, and a link to one', async () => {
    const place = target();
    mkdirSync(place, { mode: 0o750 });
    const link = join(scratchFolder(), 'hello');
    symlinkSync(place, link);
    expect((await render({ target: link })).dir).toBe(place);
    expect(readdirSync(place)).toContain('debian');
    expect(statSync(place).mode & 0o777).toBe(0o750);
  });

  it('is refused untouched when it is not empty', async () => {
    const place = target();
    mkdirSync(place);
    writeFileSync(join(place, 'mine'), 'mine');
    expect((await refusal({ target: place })).code).toBe('TARGET_EXISTS');
    expect(readdirSync(place)).toEqual(['mine']);
  });

  it('is refused when it is a file', async () => {
    const place = target();
    writeFileSync(place, 'mine');
    expect((await refusal({ target: place })).code).toBe('TARGET_EXISTS');
    expect(readFileSync(place, 'utf8')).toBe('mine');
  });

  it('is refused when its parent is missing', async () => {
    await expect(render({ target: join(target(), 'deeper') })).rejects.toMatchObject({ code: 'IO' });
  });

  it('must bear the name of a package, or be given one', async () => {
    const place = join(scratchFolder(), 'My_Service');
    const error = await refusal({ target: place });
    expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('--name my-service') });
    expect((await render({ target: place, name: 'mine' })).name).toBe('mine');
    expect(readFileSync(join(place, 'debian/control'), 'utf8')).toMatch(/^Source: mine$/m);
  });

  it.each(['control', 'source', 'tmp', 'files'])(
    'cannot be named %s, which debhelper would remove',
    async (name) => {
      expect(await refusal({ name })).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(name),
      });
    },
  );
});

describe('the variables of prodng new', () => {
  it('fill files, their names, defaults and the next steps', async () => {
    const template = templateOf(
      {
        description: 'd',
        variables: [
          { name: 'port', description: 'p', default: '80' },
          { name: 'url', description: 'u', default: 'http://{{name}}:{{port}}/' },
        ],
        next: ['open {{url}}'],
      },
      { '{{name}}/{{port}}.txt': '{{url}} <&> ${x} {{maintainer}} {{date}} {{year}}' },
    );
    const { dir, files, next } = await render({ template, values: { port: '81' } });
    expect(files).toEqual(['hello/81.txt']);
    expect(readFileSync(join(dir, 'hello/81.txt'), 'utf8')).toBe(
      'http://hello:81/ <&> ${x} A. Person <a@example.org> Tue, 14 Nov 2023 22:13:20 +0000 2023',
    );
    expect(next).toEqual(['open http://hello:81/']);
  });

  it('that are wrong are reported all at once, with the list of variables', async () => {
    const error = await refusal({
      name: 'redis-server',
      values: {
        port: '80\nEvil: yes',
        memory: 'much',
        name: 'x',
        date: 'x',
        wrong: 'x',
      },
    });
    expect(error.code).toBe('TEMPLATE');
    expect(error.message.split('\n').map((line) => line.trim())).toEqual([
      'template debian-service: name: is set with --name',
      'date: is set by prodng itself',
      'wrong: no such variable',
      'package: "redis-server" must differ from name',
      'port: holds a control character or line break',
      'memory: "much" is not allowed; allowed: a number of bytes, with K, M, G or T',
    ]);
    expect(error.hint).toMatch(/package .*\(default: redis-server\)/);
  });

  it('of which one is required and missing is refused', async () => {
    const template = templateOf(
      { description: 'd', variables: [{ name: 'owner', description: 'who', required: true }] },
      { file: '{{owner}}' },
    );
    expect((await refusal({ template })).message).toContain('owner: must have a value');
    expect((await render({ template, values: { owner: 'me' } })).files).toEqual(['file']);
  });

  it('name the maintainer from the environment, and say when there is none', async () => {
    const nobody = { PATH: process.env.PATH, HOME: scratchFolder(), GIT_CONFIG_NOSYSTEM: '1' };
    const template = templateOf({ description: 'd' }, { file: '{{maintainer}}' });
    const maintainer = async (env: Record<string, string | undefined>) => {
      const { dir, maintainerUnknown } = await render({ template, env });
      return [readFileSync(join(dir, 'file'), 'utf8'), maintainerUnknown];
    };
    expect(await maintainer(nobody)).toEqual(['Unknown Maintainer <maintainer@example.org>', true]);
    expect(await maintainer({ ...nobody, DEBEMAIL: 'B <b@example.org>' })).toEqual([
      'B <b@example.org>',
      false,
    ]);
    writeFileSync(join(nobody.HOME, '.gitconfig'), '[user]\nname = G\nemail = g@example.org\n');
    expect(await maintainer(nobody)).toEqual(['G <g@example.org>', false]);
    expect(await maintainer({ ...nobody, DEBFULLNAME: 'D' })).toEqual(['D <g@example.org>', false]);
    for (const DEBFULLNAME of ['A, B', 'A\nEvil: yes', 'A <x>'])
      expect(await refusal({ template, env: { ...nobody, DEBFULLNAME } })).toMatchObject({ code: 'CONFIG' });
    expect(await refusal({ env: { ...nobody, SOURCE_DATE_EPOCH: 'now' } })).toMatchObject({ code: 'CONFIG' });
  });
});

describe('a template of the user', () => {
  it('is found by path, and by name in a folder that goes before our own', async () => {
    const dir = templateOf({ description: 'd' }, { file: 'own' });
    expect((await render({ template: dir })).template).toBe('own');
    expect((await render({ template: 'own', templateDir: dirname(dir) })).files).toEqual(['file']);
    expect((await render({ template: 'python-service', templateDir: dirname(dir) })).files).toContain(
      'service.py',
    );
  });

  it.each(['../x', '..', '.', 'a/b', 'nothing', '', '/etc', '-x', 'c-service/'])(
    'is not %j',
    async (template) => {
      expect(await refusal({ template })).toMatchObject({ code: 'TEMPLATE', hint: expect.any(String) });
    },
  );

  it.each([
    ['no JSON', '{'],
    ['no description', {}],
    ['an unknown key', { description: 'd', color: 'red' }],
    ['a variable twice', { description: 'd', variables: Array(2).fill({ name: 'a', description: 'a' }) }],
    ['a variable that prodng sets', { description: 'd', variables: [{ name: 'date', description: 'a' }] }],
    ['a broken pattern', { description: 'd', variables: [{ name: 'a', description: 'a', pattern: '(' }] }],
    [
      'differs from nothing',
      { description: 'd', variables: [{ name: 'a', description: 'a', differs: 'b' }] },
    ],
  ])('with %s in its manifest is refused', async (_, manifest) => {
    const error = await refusal({ template: templateOf(manifest, { file: '' }) });
    expect(error).toMatchObject({ code: 'TEMPLATE', message: expect.stringContaining('own/template.json') });
  });

  it.each([
    ['a variable it does not have', { file: '{{nothing}}' }],
    ['broken syntax', { file: '{{#if name}}' }],
    ['a name that leads elsewhere', { '{{up}}': '' }],
    ['a name that becomes a path', { '{{path}}': '' }],
    ['no name left', { '{{none}}': '' }],
    ['two files of one name', { '{{name}}': '', hello: '' }],
    ['no files', {}],
  ])('with %s is refused', async (_, files: Record<string, string>) => {
    const variables = Object.entries({ up: '..', path: '/etc/passwd', none: '' }).map(([name, value]) => ({
      name,
      description: 'd',
      default: value,
    }));
    const template = templateOf({ description: 'd', variables }, files);
    expect((await refusal({ template })).code).toBe('TEMPLATE');
  });

  it('with a link in it is refused', async () => {
    const template = templateOf({ description: 'd' }, { file: '' });
    symlinkSync('/etc/passwd', join(template, 'files/link'));
    expect((await refusal({ template })).message).toContain('files/link: neither a file nor a folder');
  });

  it('may hold bytes that are no text, which stay as they are', async () => {
    const bytes = Buffer.from('\xff\xfe{{name}}\0', 'latin1');
    const { dir } = await render({ template: templateOf({ description: 'd' }, { image: bytes }) });
    expect(readFileSync(join(dir, 'image')).equals(bytes)).toBe(true);
  });
});
