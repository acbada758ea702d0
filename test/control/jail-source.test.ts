import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { inspectJailSource, readJailSource } from '../../src/control/jail-source.ts';
import { formatDiagnostic, ProdngError } from '../../src/error/prodng-error.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const control = `Source: hello
Maintainer: A. Person <a@example.org>
Build-Depends: debhelper-compat (= 13),
 python3,
Build-Depends-Indep: asciidoc

Package: hello
Architecture: any
Depends: \${misc:Depends},
# the interpreter
 python3-minimal
Description: says hello
XB-Jail-Format: 1
XB-Jail-Command: /usr/bin/hello

Package: hello-doc
Architecture: all
Description: papers
`;
const changelog = `hello (1.0-1) unstable; urgency=medium

  * First.

 -- A. Person <a@example.org>  Mon, 23 Nov 2026 10:00:00 +0000
`;

describe('a jail source', () => {
  it('is read from debian/control and debian/changelog', async () => {
    const dir = sourceOf(control, changelog);
    const { sourceStanza, binaryStanza, declaration, ...rest } = await readJailSource(dir);
    expect(rest).toEqual({
      dir,
      sourceName: 'hello',
      version: '1.0-1',
      distribution: 'unstable',
      sourceDateEpoch: Date.UTC(2026, 10, 23, 10) / 1000,
      packageName: 'hello',
      architecture: 'any',
      buildDepends: 'debhelper-compat (= 13), python3, asciidoc',
      depends: '${misc:Depends}, python3-minimal',
    });
    expect(declaration.command).toEqual(['/usr/bin/hello']);
    expect([sourceStanza.line, binaryStanza.line]).toEqual([1, 7]);
  });

  it('with many faults reports all of them at once and exits with 2', async () => {
    const broken = control
      .replace('XB-Jail-Format: 1', 'XB-Jail-Fromat: 1\nXB-Jail-Memory: x\nXB-Jail-Memory: y')
      .replace('Source: hello', 'Source: Hello')
      .replace('Architecture: any\n', '');
    const error = await failure(readJailSource(sourceOf(broken, changelog.replace('(1.0-1)', '(one)'))));
    expect(error.code).toBe('DECLARATION');
    expect(error.exitCode).toBe(2);
    expect(error.diagnostics.map(formatDiagnostic).map((text) => text.split(/[;,]/)[0])).toEqual([
      'debian/changelog:1: version one: the upstream version does not start with a digit',
      'debian/control:1:9: Source: "Hello"',
      'debian/control:7: XB-Jail-Format: the field is missing',
      'debian/control:7: Architecture: the field is missing',
      'debian/control:12:1: XB-Jail-Fromat: no such field',
      'debian/control:13:17: XB-Jail-Memory: "x" is not a size',
      'debian/control:14:1: XB-Jail-Memory: the field is there twice',
    ]);
  });

  it.each([
    [
      'two jails',
      control.replace('Architecture: all', 'Architecture: all\nXB-Jail-Format: 1'),
      'a second stanza',
    ],
    [
      'jail fields of the source',
      control.replace('Source: hello', 'Source: hello\nXB-Jail-Format: 1'),
      'in the source stanza',
    ],
    [
      'the name of another source in its changelog',
      control.replace('Source: hello', 'Source: hallo'),
      '"hello" is not the Source',
    ],
  ])('with %s is refused', async (_what, text, message) => {
    const { diagnostics, source } = inspectJailSource(sourceOf(text, changelog));
    expect(source).toBeUndefined();
    expect(diagnostics.map((diagnostic) => diagnostic.message).join()).toContain(message);
  });

  it.each([
    ['no debian/control', undefined],
    ['an empty one', ''],
    ['no jail fields', control.replaceAll('XB-Jail', 'XB-Other')],
  ])('is not a folder with %s', async (_what, text) => {
    const error = await failure(readJailSource(sourceOf(text, changelog)));
    expect(error.code).toBe('NOT_A_JAIL_SOURCE');
  });
});

function sourceOf(controlText: string | undefined, changelogText: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'prodng-source-'));
  folders.push(dir);
  mkdirSync(join(dir, 'debian'));
  if (controlText !== undefined) writeFileSync(join(dir, 'debian/control'), controlText);
  writeFileSync(join(dir, 'debian/changelog'), changelogText);
  return dir;
}

async function failure(promise: Promise<unknown>): Promise<ProdngError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProdngError) return error;
  throw new Error('no ProdngError was thrown', { cause: error });
}
