import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'prodng-completion-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
writeFileSync(join(home, 'hello.deb'), '');
writeFileSync(
  join(home, 'prodng'),
  '#!/bin/sh\n[ "$*" = "ls --format name" ] && printf "web@1\\nweb@2\\ndb\\n"\n',
);
chmodSync(join(home, 'prodng'), 0o755);

/** What bash offers when Tab is pressed behind these words. */
function complete(...words: string[]): string[] {
  const script = `compopt() { :; }
source ${resolve('docs/completions/prodng.bash')}
COMP_WORDS=(prodng "$@") COMP_CWORD=$# COMPREPLY=()
_prodng
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-uc', script, 'bash', ...words], {
    cwd: home,
    env: { PATH: `${home}:/usr/bin:/bin` },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

test('commands, and the commands of commands', () => {
  expect(complete('ver')).toEqual(['verify']);
  expect(complete('key', 'e')).toEqual(['export']);
});

test('options, and what may stand behind them', () => {
  expect(complete('verify', '--diff')).toEqual(['--diffoscope']);
  expect(complete('lint', '--format', 's')).toEqual(['sarif']);
  expect(complete('verify', '--policy', 'he')).toEqual(['hello.deb']);
  expect(complete('run', '--uplink', '')).toEqual([]);
});

test('files, and the jails of the agent', () => {
  expect(complete('install', 'h')).toEqual(['hello.deb']);
  expect(complete('stop', 'web')).toEqual(['web@1', 'web@2']);
  expect(complete('stop', 'web@1', 'd')).toEqual(['db']);
});

test('a name of a command is no command where it is an argument', () => {
  expect(complete('verify', 'lint', '--diff')).toEqual(['--diffoscope']);
});
