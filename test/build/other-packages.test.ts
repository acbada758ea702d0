import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProdng } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-others-');
const source = join(scratch, 'hello');
const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
const deb = join(scratch, `hello_0.1.0_${architecture}.deb`);
const other = join(scratch, 'hello-data_0.1.0_all.deb');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let said: string;

/** A source with a second package, a file of 300 MB of nothing, a set-uid program and a file of another group. */
beforeAll(async () => {
  expect((await runProdng(['new', 'python-service', source])).status).toBe(0);
  appendFileSync(
    join(source, 'debian/control'),
    '\nPackage: hello-data\nArchitecture: all\nDescription: data of hello\n Data.\n',
  );
  const tree = '$(CURDIR)/debian';
  const lines = [
    '#!/usr/bin/make -f',
    '%:',
    '\tdh $@',
    'override_dh_auto_test:',
    'execute_after_dh_fixperms:',
    `\ttruncate -s 300M ${tree}/hello/usr/share/hello/zeros`,
    `\tinstall -m 4755 /bin/true ${tree}/hello/usr/share/hello/raise`,
    `\tinstall -D -m 644 debian/control ${tree}/hello-data/usr/share/hello-data/data`,
    'override_dh_builddeb:',
    '\tdh_builddeb',
    '',
  ];
  writeFileSync(join(source, 'debian/rules'), lines.join('\n'), { mode: 0o755 });
  const { status, stdout, stderr } = await runProdng(['build', source]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  said = stdout;
}, 600_000);

test('every package of the source is delivered, listed in .changes and .buildinfo, and told', () => {
  expect(said).toContain(`${other}: not a jail; as the source built it`);
  const list = execFileSync('dpkg-deb', ['-c', other], { encoding: 'utf8' });
  expect(list).toContain('./usr/share/hello-data/data');
  const changes = readFileSync(join(scratch, `hello_0.1.0_${architecture}.changes`), 'utf8');
  expect(changes).toMatch(/^Binary: hello hello-data$/m);
  expect(changes).toMatch(/^ [0-9a-f]{64} \d+ hello-data_0\.1\.0_all\.deb$/m);
  execFileSync('dscverify', ['--nosigcheck', join(scratch, `hello_0.1.0_${architecture}.changes`)]);
  const buildinfo = readFileSync(join(scratch, `hello_0.1.0_${architecture}.buildinfo`), 'utf8');
  expect(buildinfo).toMatch(/^ [0-9a-f]{64} \d+ hello-data_0\.1\.0_all\.deb$/m);
});

test('a build may make large files of nothing, and its jail is linted and verified', async () => {
  expect(statSync(deb).size).toBeLessThan(50e6);
  const list = execFileSync('dpkg-deb', ['-c', deb], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  expect(list).toMatch(/ 314572800 .*usr\/share\/hello\/zeros$/m);
  expect((await runProdng(['lint', deb])).stderr).not.toContain('unpack');
  const bound = await runProdng(['verify', deb], { env: { PRODNG_MAX_UNPACKED: 'much' } });
  expect(bound).toMatchObject({ status: 2, stderr: expect.stringContaining('PRODNG_MAX_UNPACKED: "much"') });
});

test('dropped set-id bits are told in the summary of the build', () => {
  expect(said).toMatch(/^ {2}\/usr\/share\/hello\/raise of hello: 4755 root:root, now 0755 root:root: /m);
});

test('lint of the .changes takes the jail, not the package beside it', async () => {
  const { stdout } = await runProdng([
    'lint',
    join(scratch, `hello_0.1.0_${architecture}.changes`),
    '--format',
    'json',
  ]);
  const parsed: unknown = JSON.parse(stdout);
  expect(JSON.stringify(parsed)).not.toContain('hello-data_0.1.0');
  expect(JSON.stringify(parsed)).toContain('"name":"hello"');
});
