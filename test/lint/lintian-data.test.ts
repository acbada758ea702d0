import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeExampleDeb } from './support/example-deb.ts';

const scratch = mkdtempSync(join(tmpdir(), 'prodng-lintian-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const deb = join(scratch, 'hello_1.0_amd64.deb');
writeExampleDeb(deb, { control: 'Jail-Filesystem: tmp /tmp\nJail-Capabilities: CHOWN' });

function unknownFields(...options: string[]): string[] {
  const said = execFileSync('lintian', ['--allow-root', '--no-cfg', '--fail-on', 'none', ...options, deb], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return Array.from(said.matchAll(/unknown-field (\S+)/g), (match) => match[1] ?? '');
}

test('lintian does not know the fields of jails, and does with our vendor profile', {
  timeout: 300_000,
}, () => {
  expect(unknownFields('--profile', 'debian/main')).toContain('Jail-Filesystem');
  expect(unknownFields('--include-dir', 'data/lintian', '--profile', 'prodng/main')).toEqual([]);
});
