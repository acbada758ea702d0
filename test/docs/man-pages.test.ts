import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';

const folder = 'docs/man';

test('there is a page for every command', () => {
  const wanted = ['prodng.1', ...commands.map(({ name }) => `prodng-${name}.1`)];
  expect(readdirSync(folder).sort()).toEqual(wanted.sort());
});

test('groff has nothing to say against any page', () => {
  for (const page of readdirSync(folder)) {
    const { status, stdout, stderr } = spawnSync(
      'man',
      ['--warnings', '--encoding=UTF-8', '--local-file', join(folder, page)],
      { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' } },
    );
    expect({ page, status, stderr }).toEqual({ page, status: 0, stderr: '' });
    expect(stdout).toMatch(/^NAME\n +prodng\S* +- +\S.*\n(.*\n)+SYNOPSIS\n +prodng/m);
  }
});

test('a page says what --help says: arguments, options, examples, exit status', () => {
  const page = readFileSync(join(folder, 'prodng-verify.1'), 'utf8');
  expect(page).toContain('.SY "prodng verify"\n[options] <file>');
  expect(page).toContain('\\fB\\-\\-policy <file>\\fR');
  expect(page).toContain('.SH EXAMPLES\n.PP\n.EX\nprodng verify hello_1.0_amd64.deb\n');
  expect(page).toContain('.SH EXIT STATUS\n0 no check failed');
});
