import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripClearsign } from '../../src/control/clearsigned.ts';
import { Field, formatDeb822, iterateDeb822, parseDeb822, readDeb822 } from '../../src/control/deb822.ts';
import { ProdngError } from '../../src/error/prodng-error.ts';

const control = `# who made it
Source: hello
Maintainer: A. Person <a@example.org>

Package: hello
Depends: libc6,
# not needed since 1.2: libfoo,
         python3
Description: says hello
 A first line.
 .
   indented
`;

describe('reading deb822', () => {
  it('splits stanzas at empty lines, and at lines of blanks as dpkg does', () => {
    expect(parseDeb822('A: 1\n\n\nB: 2\n \t\nC: 3', 'f').map((stanza) => stanza.fields[0]?.name)).toEqual([
      'A',
      'B',
      'C',
    ]);
  });

  it('finds fields without regard to case and keeps continuation lines', () => {
    const [, binary] = parseDeb822(control, 'debian/control');
    expect(binary?.get('DESCRIPTION')).toBe('says hello\nA first line.\n.\n  indented');
    expect(binary?.get('Nothing')).toBeUndefined();
  });

  it('knows the file line and column of every line of a value, comments in between included', () => {
    const [, binary] = parseDeb822(control, 'debian/control');
    expect(binary?.line).toBe(5);
    expect(binary?.field('Depends')?.lines()).toEqual([
      { text: 'libc6,', line: 6, column: 10 },
      { text: '        python3', line: 8, column: 2 },
    ]);
    expect(binary?.field('Description')?.lines().at(-1)).toEqual({ text: '  indented', line: 12, column: 2 });
  });

  it.each([
    ['a line that is no field', 'A: 1\nnonsense\n', /^f:2:1: neither/],
    ['a continuation line without a field', ' lost\nA: 1\n', /^f:1:1: a continuation line/],
    ['a field name with a blank', 'A b: 1\n', /^f:1:1: not a field name/],
    ['a field name that starts with -', '-A: 1\n', /not a field name/],
    [
      'a field twice, in any case',
      'A: 1\na: 2\n',
      /^f:2:1: a: the field is there twice; the first is on line 1/,
    ],
    ['CR LF', 'A: 1\r\nB: 2\r\n', /^f:1:5: the line ends with CR LF/],
    ['NUL', 'A: x\0y\n', /^f:1:5: A: a NUL/],
    ['invalid UTF-8', Buffer.from([0x41, 0x3a, 0x20, 0xff, 0x0a]), /^f:1:4: A: not valid UTF-8/],
  ])('refuses %s with its place', (_what, text, message) => {
    const { diagnostics } = readDeb822(text, 'f');
    expect(diagnostics).toHaveLength(1);
    expect(errorOf(() => parseDeb822(text, 'f')).code).toBe('CONTROL_SYNTAX');
    const [{ file, line, column, field, message: said } = { file: '', line: 0, message: '' }] = diagnostics;
    expect(`${file}:${line}:${column}: ${field === undefined ? '' : `${field}: `}${said}`).toMatch(message);
  });

  it('reports every fault of a file at once', () => {
    expect(readDeb822('nonsense\nA: 1\nA: 2\n\nmore nonsense\n', 'f').diagnostics.map((d) => d.line)).toEqual(
      [1, 3, 5],
    );
  });

  it('refuses a file or a stanza beyond its bounds instead of filling the memory', () => {
    const huge = Buffer.alloc(100 << 20, 'A: x\n');
    expect(errorOf(() => parseDeb822(huge, 'f')).message).toContain('104857600 bytes');
    const limits = { maxFileSize: 1000, maxParagraphSize: 20 };
    expect(errorOf(() => parseDeb822(`A: ${'x'.repeat(30)}\n`, 'f', limits)).message).toContain('stanza');
  });

  it('hands a prototype no chance', () => {
    const [stanza] = parseDeb822('__proto__: 1\nconstructor: 2\n', 'f');
    expect(stanza?.get('toString')).toBeUndefined();
    expect(stanza?.get('__proto__')).toBe('1');
  });

  it('reads what dpkg reads: the fields of every installed package', () => {
    const status = execFileSync('dpkg-query', ['-s', 'dpkg', 'libc6', 'bash']);
    const stanzas = parseDeb822(status, 'status');
    expect(new Set(stanzas.map((stanza) => stanza.get('Package')))).toEqual(
      new Set(['bash', 'dpkg', 'libc6']),
    );
    for (const stanza of stanzas) {
      const asked = (name: string) =>
        execFileSync('dpkg-query', ['-Wf', `\${${name}}`, stanza.get('Package') ?? '']).toString();
      for (const name of ['Version', 'Conffiles', 'Depends']) {
        // dpkg-query indents continuation lines
        expect((stanza.get(name) ?? '').trim()).toBe(asked(name).replace(/\n /g, '\n').trim());
      }
    }
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.array(paragraphs, { minLength: 1, maxLength: 4 }), (stanzas) => {
        const text = formatDeb822(stanzas.map((fields) => ({ fields })));
        const read = parseDeb822(text, 'f').map(({ fields }) =>
          fields.map(({ name, value }) => ({ name, value })),
        );
        expect(read).toEqual(stanzas);
      }),
    );
  });

  it('never fails on foreign text but with CONTROL_SYNTAX, and points into the file', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc
        .array(fc.constantFrom('A: b', ' c', '\t', '', '#x', 'A', ':', 'B:', '\r', ' .', '\0'), {
          maxLength: 30,
        })
        .map((lines) => Buffer.from(lines.join('\n'))),
    );
    fc.assert(
      fc.property(bytes, (text) => {
        const { diagnostics } = readDeb822(text, 'f');
        const lineCount = text.toString('latin1').split('\n').length;
        for (const { line } of diagnostics) expect(line >= 1 && line <= lineCount).toBe(true);
        if (diagnostics.length > 0) expect(errorOf(() => parseDeb822(text, 'f')).code).toBe('CONTROL_SYNTAX');
      }),
    );
  });
});

describe('a large index, stanza by stanza', () => {
  it('gives the same stanzas however its bytes are cut', async () => {
    const text = Buffer.from(
      `Ä: not a name\n`.replace('Ä', 'A') + control.repeat(3).replaceAll('hello', 'grüße'),
    );
    const whole = parseDeb822(text, 'f').map(({ fields }) => fields.map(({ name, value }) => [name, value]));
    for (const size of [1, 7, 64]) {
      const cut = [];
      for await (const { fields } of iterateDeb822(chunks(text, size), 'f'))
        cut.push(fields.map(({ name, value }) => [name, value]));
      expect(cut).toEqual(whole);
    }
  });

  it('stops at the first broken stanza', async () => {
    const read = async () => {
      for await (const _stanza of iterateDeb822(chunks(Buffer.from('A: 1\nA: 2\n\nB: 1\n'), 5), 'Packages'));
    };
    await expect(read()).rejects.toMatchObject({ code: 'CONTROL_SYNTAX' });
  });
});

describe('writing deb822', () => {
  it('writes an empty line of a value as a dot', () => {
    expect(formatDeb822([{ fields: [{ name: 'A', value: 'x\n\ny' }] }])).toBe('A: x\n .\n y\n');
  });

  it.each([
    ['A b', 'x'],
    ['A', 'x\0'],
    ['A', 'x\ry'],
    ['-A', 'x'],
    ['#A', 'x'],
  ])('refuses %j: %j', (name, value) => {
    expect(errorOf(() => formatDeb822([{ fields: [{ name, value }] }])).code).toBe('CONTROL_SYNTAX');
  });
});

describe('a clearsigned text', () => {
  it('is taken out of what gpg signed', () => {
    const home = mkdtempSync(join(tmpdir(), 'prodng-gpg-'));
    try {
      const gpg = (args: string[]) =>
        execFileSync('gpg', ['--homedir', home, '--batch', '--passphrase', '', '--quiet', ...args], {
          stdio: 'pipe',
        });
      gpg(['--quick-generate-key', 'test@example.org', 'rsa2048', 'sign', 'never']);
      writeFileSync(join(home, 'Release'), 'Origin: Test\n- dash: x\nCodename: y\n');
      gpg(['--clearsign', join(home, 'Release')]);
      const signed = execFileSync('cat', [join(home, 'Release.asc')]).toString();
      expect(stripClearsign(signed)).toEqual({
        text: 'Origin: Test\n- dash: x\nCodename: y\n',
        signed: true,
      });
      expect(stripClearsign(`Evil: 1\n${signed}`).text).not.toContain('Evil');
    } finally {
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
      rmSync(home, { recursive: true });
    }
  });

  it('is the whole text where nothing is signed', () => {
    expect(stripClearsign('A: 1\n')).toEqual({ text: 'A: 1\n', signed: false });
  });
});

const valueLine = fc.stringMatching(/^[!-~]([ -~äß]{0,20}[!-~])?$/);
const paragraphs = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[A-Za-z!$][A-Za-z0-9-]{0,10}$/),
    value: fc.array(valueLine, { minLength: 1, maxLength: 4 }).map((lines) => lines.join('\n')),
  }),
  { minLength: 1, maxLength: 6, selector: ({ name }) => name.toLowerCase() },
);

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

function errorOf(action: () => unknown): ProdngError {
  try {
    action();
  } catch (error) {
    if (error instanceof ProdngError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a field', () => {
  it('can be made without a file', () => {
    expect(new Field('A', 'x\ny').lines().map((line) => line.text)).toEqual(['x', 'y']);
  });
});

describe('a byte order mark', () => {
  const control = '\ufeffSource: x\n\nPackage: x\n';

  it.each([
    ['text', control],
    ['bytes', Buffer.from(control)],
  ])('is refused with its place in %s, as dpkg refuses it', (_, input) => {
    expect(() => parseDeb822(input, 'debian/control')).toThrow(
      /^debian\/control: a syntax error: line 1: a byte order mark/,
    );
    expect(readDeb822(input, 'f').diagnostics).toEqual([
      expect.objectContaining({ file: 'f', line: 1, column: 1 }),
    ]);
  });
});
