import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'prodng-completion-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
writeFileSync(join(home, 'hello.deb'), '');
writeFileSync(
  join(home, 'prodng'),
  '#!/bin/sh\n[ "$*" = "ls --format name" ] && printf "web@1\\nweb@2\\ndb\\n"\n',
);
chmodSync(join(home, 'prodng'), 0o755);

const folder = resolve('docs/completions');

function linesOf(argv: readonly [string, ...string[]]): string[] {
  const [file, ...args] = argv;
  const { stdout, stderr, status } = spawnSync(file, args, {
    cwd: home,
    env: { PATH: `${home}:/usr/bin:/bin`, HOME: home, TERM: 'xterm', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect({ file, status, stderr }).toEqual({ file, status: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

let asked = 0;

/** What each shell offers when Tab is pressed behind these words, the last of which may be empty. */
const shells: Record<string, (...words: string[]) => string[]> = {
  bash(...words) {
    const script = `compopt() { :; }
source ${folder}/prodng.bash
COMP_WORDS=(prodng "$@") COMP_CWORD=$# COMPREPLY=()
_prodng
printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf(['bash', '--norc', '-uc', script, 'bash', ...words]);
  },
  fish(...words) {
    const script = `source ${folder}/prodng.fish; complete -C "$argv"`;
    const offered = linesOf(['fish', '--no-config', '-c', script, ['prodng', ...words].join(' ')]);
    return offered.map((line) => line.split('\t')[0] ?? '');
  },
  zsh(...words) {
    const scratch = join(home, `candidates-${asked++}`);
    const script = resolve('test/docs/zsh-candidates.zsh');
    return linesOf(['zsh', '-f', script, folder, scratch, ['prodng', ...words].join(' ')]);
  },
};

describe.each(Object.entries(shells))('%s completes', (_shell, complete) => {
  test('commands, and the commands of commands', () => {
    expect(complete('ver')).toEqual(['verify']);
    expect(complete('key', 'e')).toEqual(['export']);
    expect(complete('publish', 'prom')).toEqual(['promote']);
  });

  test('options and their values', () => {
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

  test('an argument that is spelled like a command as an argument', () => {
    expect(complete('verify', 'lint', '--diff')).toEqual(['--diffoscope']);
  });
});
