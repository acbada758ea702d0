import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJailSource } from '../../src/control/jail-source.ts';
import { renderTemplate } from '../../src/template/render-template.ts';
import { maintainerEnv, scratchFolder } from './scratch.ts';

const slow = 300_000;

async function render(
  values: Record<string, string>,
  env: Record<string, string | undefined> = maintainerEnv,
) {
  const target = join(scratchFolder(), 'cache');
  const { dir, next } = await renderTemplate({ template: 'debian-service', target, values, env });
  const control = readFileSync(join(dir, 'debian/control'), 'utf8');
  // dpkg is stricter about stray lines than most readers
  execFileSync('dpkg-source', ['--print-format', dir], { stdio: 'pipe' });
  return { ...(await readJailSource(dir)), control, next: next.join('\n') };
}

function mounts({ filesystem }: { filesystem: readonly { kind: string; path: string }[] }): string[] {
  return filesystem.map(({ kind, path }) => `${kind} ${path}`);
}

describe('a jail around a service of Debian', () => {
  it('is declared as the unit of its package says', { timeout: slow }, async () => {
    const { declaration, control, depends, next } = await render({ package: 'redis-server' });
    expect(depends).toBe('${misc:Depends}, redis-server');
    expect(declaration.command.slice(0, 2)).toEqual(['/usr/bin/redis-server', '/etc/redis/redis.conf']);
    expect(declaration).toMatchObject({
      user: 'redis',
      network: 'loopback',
      listen: [{ port: 6379, protocol: 'tcp' }],
      capabilities: [],
      restart: { policy: 'always' },
      health: { kind: 'tcp', port: 6379 },
    });
    expect(mounts(declaration)).toEqual([
      'rw /var/lib/redis',
      'rw /var/log/redis',
      'tmp /run/redis',
      'tmp /tmp',
    ]);
    expect(control).toContain('# LimitNOFILE=65535: ');
    expect(next).toContain('prodng run --publish 6379:6379');
  });

  it('goes before the unit with what was said', { timeout: slow }, async () => {
    const { declaration } = await render({
      command: '/usr/bin/redis-server --port 7000',
      user: 'own',
      port: '7000',
      volume: '/data',
      size: '1M',
      tmp: '',
      memory: '64M',
    });
    expect(declaration).toMatchObject({
      command: ['/usr/bin/redis-server', '--port', '7000'],
      user: 'own',
      listen: [{ port: 7000, protocol: 'tcp' }],
      filesystem: [{ kind: 'rw', path: '/data', size: 2 ** 20 }],
      memory: 64 * 2 ** 20,
    });
  });

  it('takes the user that the maintainer scripts make, and what the unit makes before its start', {
    timeout: slow,
  }, async () => {
    const { declaration } = await render({ package: 'mosquitto' });
    expect(declaration.user).toBe('mosquitto');
    expect(mounts(declaration)).toContain('tmp /run/mosquitto');
    expect(mounts(declaration)).toContain('rw /var/lib/mosquitto');
  });

  it('finds the unit in the package that brings it, and keeps what forks in the foreground', {
    timeout: slow,
  }, async () => {
    const { declaration, control, dir } = await render({ package: 'nginx-light' });
    expect(declaration.command).toEqual(['/usr/sbin/nginx', '-g', 'daemon off; master_process on;']);
    expect(control).toContain('# Proposed from nginx.service of nginx-common ');
    expect(readFileSync(join(dir, 'debian/links'), 'utf8')).toContain('/etc/nginx/sites-enabled/default');
  });

  it('has in Depends what scripts need', { timeout: slow }, async () => {
    const { depends } = await render({ package: 'lighttpd' });
    expect(depends.split(', ')).toEqual(expect.arrayContaining(['lighttpd', 'dash']));
  });

  it('says which instance a template unit needs, and takes it', { timeout: slow }, async () => {
    const { declaration } = await render({ package: 'redis-server', unit: 'redis-server@two' });
    expect(declaration.command[1]).toBe('/etc/redis/redis-two.conf');
    await expect(render({ package: 'redis-server', unit: 'redis-server@' })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('@INSTANCE'),
    });
    await expect(render({ package: 'redis-server', unit: 'none-such' })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('redis-server.service'),
    });
  });

  it('wants a command where there is no unit', { timeout: slow }, async () => {
    await expect(render({ package: 'jq' })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('--set command='),
    });
    const { declaration } = await render({ package: 'jq', command: '/usr/bin/jq -n 1' });
    expect(declaration).toMatchObject({ command: ['/usr/bin/jq', '-n', '1'], network: 'none', user: 'jail' });
  });

  it('says when there is no such package, or no archive', { timeout: slow }, async () => {
    await expect(render({ package: 'no-such-package-at-all' })).rejects.toMatchObject({
      code: 'UNRESOLVABLE',
      message: expect.stringContaining('unit of package no-such-package-at-all'),
    });
    const sources = join(scratchFolder(), 'archives.sources');
    const offline = { ...maintainerEnv, PRODNG_SOURCES: sources, PRODNG_CACHE_DIR: scratchFolder() };
    await expect(render({}, offline)).rejects.toMatchObject({
      code: 'CONFIG',
      hint: expect.stringContaining('--set unit=none'),
    });
  });
});

describe('a jail around a package whose unit is not read', () => {
  // no archive can be asked there
  const env = { ...maintainerEnv, PRODNG_SOURCES: '/nonexistent' };
  const own = { unit: 'none', package: 'redis-server', command: '/usr/bin/redis-server --port 6379' };

  it.each([
    [{ volume: '/data', size: '1M', tmp: '/tmp' }, ['rw /data', 'tmp /tmp']],
    [{ volume: '', tmp: '/run/x' }, ['tmp /run/x']],
    [{}, []],
  ])('mounts what %j says', async (values: Record<string, string>, wanted) => {
    const { declaration, control } = await render({ ...own, ...values }, env);
    expect(mounts(declaration)).toEqual(wanted);
    expect(control).not.toMatch(/\n\n[^P]|[ \t]$/m);
  });

  it('takes the command as it is written', async () => {
    const command = `/usr/sbin/nginx -g 'daemon off; # {{x}} "&" <b>'`;
    const { declaration } = await render({ ...own, command, user: 'www-data' }, env);
    expect(declaration.command).toEqual(['/usr/sbin/nginx', '-g', 'daemon off; # {{x}} "&" <b>']);
    expect(declaration.user).toBe('www-data');
  });

  it('needs a command', async () => {
    const target = join(scratchFolder(), 'cache');
    const values = { unit: 'none', package: 'redis-server' };
    await expect(renderTemplate({ template: 'debian-service', target, values, env })).rejects.toMatchObject({
      code: 'USAGE',
    });
    expect(existsSync(target)).toBe(false);
  });
});
