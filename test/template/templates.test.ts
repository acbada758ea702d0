import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readJailSource } from '../../src/control/jail-source.ts';
import { renderTemplate } from '../../src/template/render-template.ts';
import { listTemplates } from '../../src/template/template.ts';
import { maintainerEnv, scratchFolder } from './scratch.ts';

const templates = (await listTemplates()).map(({ name }) => name);
const slow = 300_000;

/** Of sources and packages that Lintian is to read: it takes as long for one as for all of them. */
const kept = mkdtempSync(join(tmpdir(), 'prodng-templates-'));
const forLintian: string[] = [];
afterAll(() => rmSync(kept, { recursive: true }));

function keptFolder(): string {
  return mkdtempSync(join(kept, 'template-'));
}

it('ProdNG brings templates', () => {
  expect(templates).toEqual(
    expect.arrayContaining(['c-service', 'debian-service', 'python-service', 'static-binary', 'job']),
  );
});

describe.each(templates)('the template %s', (template) => {
  const render = async (name = 'hello', parent = scratchFolder()) => {
    const target = join(parent, name);
    return { parent, ...(await renderTemplate({ template, target, env: maintainerEnv })) };
  };

  it('gives a source of a jail that ProdNG reads without a finding', { timeout: slow }, async () => {
    const { dir } = await render();
    const source = await readJailSource(dir);
    expect(source.sourceName).toBe('hello');
    expect(source.packageName).toBe('hello');
    expect(source.version).toBe('0.1.0');
    expect(source.sourceDateEpoch).toBe(1_700_000_000);
    expect(source.declaration.format).toBe(1);
    expect(source.declaration.capabilities).toEqual([]);
    expect(source.declaration.user).not.toBe('root');
  });

  it('leaves no variable unfilled, and says what to do next', { timeout: slow }, async () => {
    const { dir, files, next } = await render();
    const filled = files.map((path) => `${path}\n${readFileSync(join(dir, path), 'utf8')}`);
    expect([...filled, ...next].filter((text) => /\{\{|\}\}/.test(text))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['.gitignore', 'README.md', 'debian/copyright']));
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).toContain('prodng build');
    expect(next).toContain('prodng build');
    expect(statSync(join(dir, 'debian/rules')).mode & 0o111).toBe(0o111);
  });

  it('gives the same bytes for the same SOURCE_DATE_EPOCH', { timeout: slow }, async () => {
    const [one, two] = [await render(), await render()];
    expect(() => execFileSync('diff', ['-r', one.dir, two.dir])).not.toThrow();
  });

  it('takes every name that Policy allows', { timeout: slow }, async () => {
    for (const name of ['0a', 'a+b', 'lib.x-1', 'check', 'service', 'x'.repeat(60)]) {
      const { dir } = await render(name);
      expect((await readJailSource(dir)).packageName).toBe(name);
    }
  });

  it('is a Debian source package to dpkg-source', { timeout: slow }, async () => {
    const { dir, parent } = await render('hello', keptFolder());
    const changelog = execFileSync('dpkg-parsechangelog', ['-l', join(dir, 'debian/changelog')], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(changelog).toMatch(/^Maintainer: A\. Person <a@example\.org>$/m);
    expect(changelog).toMatch(/^Timestamp: 1700000000$/m);
    execFileSync('dpkg-source', ['--build', dir], { cwd: parent, stdio: 'pipe' });
    forLintian.push(join(parent, 'hello_0.1.0.dsc'));
  });

  it('builds to the same bytes in another place, zone and umask', { timeout: slow }, async () => {
    const builds = [
      { ...(await render('hello', keptFolder())), zone: 'UTC', umask: '022' },
      { ...(await render()), zone: 'Pacific/Kiritimati', umask: '027' },
    ].map(({ dir, parent, zone, umask }) => {
      execFileSync('sh', ['-c', `umask ${umask}; exec dpkg-buildpackage -us -uc -b`], {
        cwd: dir,
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TZ: zone, LC_ALL: 'C.UTF-8' },
        stdio: 'pipe',
      });
      return { parent, deb: execFileSync('sh', ['-c', 'cat hello_*.deb'], { cwd: parent }) };
    });
    expect(builds[0]?.deb.equals(builds[1]?.deb ?? Buffer.of())).toBe(true);
    const changes = execFileSync('sh', ['-c', 'ls hello_*.changes'], { cwd: builds[0]?.parent });
    forLintian.push(join(builds[0]?.parent ?? '', changes.toString().trim()));
  });
});

it('Lintian finds nothing in the source and the package of any template, but for fields it cannot know', {
  timeout: slow,
}, () => {
  expect(forLintian).toHaveLength(2 * templates.length);
  const options = ['--allow-root', '--profile', 'debian', '--fail-on', 'none'];
  const found = execFileSync('lintian', [...options, ...forLintian], { encoding: 'utf8', stdio: 'pipe' });
  expect(found.split('\n').filter((line) => line !== '' && !line.includes('unknown-field'))).toEqual([]);
  expect(found, 'it has read them').toContain('unknown-field');
});
