import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { jailFieldList } from '../../src/control/jail-fields.ts';

const folder = 'docs/man';

const files = ['agent.json', 'jail-fields', 'lint-overrides', 'lint-policy', 'policy', 'signature-policy'];

test('there is a page for every command, every kind of file, and an overview', () => {
  const wanted = [
    'prodng.1',
    'prodng.7',
    ...commands.map(({ name }) => `prodng-${name}.1`),
    ...files.map((name) => `prodng-${name}.5`),
  ];
  expect(readdirSync(folder).sort()).toEqual(wanted.sort());
});

test('groff formats every page without a warning', () => {
  for (const page of readdirSync(folder)) {
    const { status, stdout, stderr } = spawnSync(
      'man',
      ['--warnings', '--encoding=UTF-8', '--local-file', join(folder, page)],
      { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' } },
    );
    expect({ page, status, stderr }).toEqual({ page, status: 0, stderr: '' });
    expect(stdout).toMatch(/^NAME\n +prodng\S* +- +\S/m);
    if (page.endsWith('.1')) expect(stdout).toMatch(/^SYNOPSIS\n +prodng/m);
  }
});

test('mandoc finds no error in any page', () => {
  const pages = readdirSync(folder).map((page) => join(folder, page));
  const { status, stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'error', ...pages], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});

test('a page of section 5 lists every key with its type, default and meaning', () => {
  const page = readFileSync(join(folder, 'prodng-agent.json.5'), 'utf8');
  for (const key of [
    'packages.entries',
    'networks.NAME.subnet',
    'networks.NAME.address',
    'tls.clientAuthority',
    'order',
  ])
    expect(page).toContain(`.TP\n\\fB${key}\\fR\n`);
  expect(page).toContain(
    '\\fBkeepVersions\\fR\nVersions of a jail that are kept.\nType: integer from 1 to 100.\nThe default is \\fB3\\fR.\n',
  );
  const fields = readFileSync(join(folder, 'prodng-jail-fields.5'), 'utf8');
  for (const { name } of jailFieldList)
    expect(fields).toContain(`\\fBJail\\-${name.replaceAll('-', '\\-')}: `);
});

test('a page says what --help says: arguments, options, examples, exit status', () => {
  const page = readFileSync(join(folder, 'prodng-verify.1'), 'utf8');
  expect(page).toContain('.SY "prodng verify"\n[options] <file>');
  expect(page).toContain('\\fB\\-\\-policy <file>\\fR');
  expect(page).toContain('.SH EXAMPLES\n.PP\n.EX\nprodng verify hello_1.0_amd64.deb\n');
  expect(page).toContain('.SH EXIT STATUS\n0 no check failed');
});
