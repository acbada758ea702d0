import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUnit, settingOf, settingsOf } from '../../src/systemd-unit/unit.ts';
import { parseUnitFile } from '../../src/systemd-unit/unit-file.ts';

const parse = (text: string) => parseUnitFile(Buffer.from(text), 'x.service');
const pairs = (text: string) => parse(text).settings.map(({ name, value }) => [name, value]);

describe('a unit file', () => {
  it('is sections of settings, with the line on which each begins', () => {
    expect(parse('[Unit]\nDescription = a b \n\n[Service]\nExecStart=/bin/x\n').settings).toEqual([
      { section: 'Unit', name: 'Description', value: 'a b', file: 'x.service', line: 2 },
      { section: 'Service', name: 'ExecStart', value: '/bin/x', file: 'x.service', line: 5 },
    ]);
  });

  it('goes on in the next line after a backslash, past comments', () => {
    const text = '[S]\nA=one \\\n# not here\n  ; nor here\n  two\\\n three\nB=1';
    expect(pairs(text)).toEqual([
      ['A', 'one    two  three'],
      ['B', '1'],
    ]);
  });

  it('does not go on after an escaped backslash', () => {
    expect(pairs('[S]\nA=one\\\\\nB=2')).toEqual([
      ['A', 'one\\\\'],
      ['B', '2'],
    ]);
  });

  it('keeps = and # within a value', () => {
    expect(pairs('[S]\nA=b=c # d')).toEqual([['A', 'b=c # d']]);
  });

  it.each([
    ['[S\nA=b', 1, 'is no section'],
    ['A=b', 1, 'is outside of any section'],
    ['[S]\nwhat', 2, 'is not NAME=VALUE'],
    ['[S]\n=b', 2, 'is not NAME=VALUE'],
    ['[S]\na b=c', 2, 'is not NAME=VALUE'],
    ['\ufeff[S]\nA\0=1', 1, 'NUL'],
  ])('tells what is wrong with %j', (text, line, message) => {
    const { faults } = parse(text);
    expect(faults[0]).toMatchObject({ line, message: expect.stringContaining(message) });
  });

  it('is not read when it is no UTF-8, or larger than systemd reads', () => {
    expect(parseUnitFile(Buffer.from([0x5b, 0xff, 0x5d]), 'x').settings).toEqual([]);
    expect(parseUnitFile(Buffer.alloc(2 ** 20 + 1, '#'), 'x').faults).toHaveLength(1);
  });

  it('ends at ten thousand settings', () => {
    const { settings, faults } = parse(`[S]\n${'A=1\n'.repeat(20_000)}`);
    expect([settings.length, faults.length]).toEqual([10_000, 1]);
  });

  it('gives back every setting that is written', () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,15}$/);
    const value = fc.stringMatching(/^[\w=#;%$"' -]{0,30}$/).map((text) => text.trim());
    const setting = fc.tuple(name, name, value);
    fc.assert(
      fc.property(fc.array(setting, { maxLength: 30 }), (wanted) => {
        const text = wanted
          .map(([section, key, assigned]) => `[${section}]\n${key}=${assigned}\n`)
          .join('# c\n');
        const { settings, faults } = parse(text);
        expect(faults).toEqual([]);
        expect(settings.map((found) => [found.section, found.name, found.value])).toEqual(wanted);
      }),
    );
  });

  it('means the same however its values are broken into lines', () => {
    const word = fc.stringMatching(/^[\w=%$]{1,8}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 10 }), (words) => {
        const joined = parse(`[S]\nA=${words.join('\\\n# no\n')}`).settings[0]?.value;
        expect(joined).toBe(words.join(' '));
      }),
    );
  });

  it('takes any bytes without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        for (const { line } of parseUnitFile(bytes, 'x').settings) expect(line).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a unit', () => {
  const unit = (own: string, ...dropIns: [string, string][]) =>
    readUnit(
      'x.service',
      { path: 'x.service', bytes: Buffer.from(own) },
      dropIns.map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
    );

  it('has the settings of its drop-ins after its own, in the order of their names', () => {
    const read = unit(
      '[Service]\nUser=a',
      ['d/20.conf', '[Service]\nUser=c'],
      ['e/10.conf', '[Service]\nUser=b'],
    );
    expect(settingsOf(read, 'Service', 'User').map(({ value }) => value)).toEqual(['a', 'b', 'c']);
    expect(settingOf(read, 'Service', 'User')?.value).toBe('c');
  });

  it('takes a list back with an empty assignment', () => {
    const read = unit('[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b');
    expect(settingsOf(read, 'Service', 'ExecStart').map(({ value }) => value)).toEqual(['/bin/b']);
    expect(settingOf(unit('[Service]\nUser=a\nUser='), 'Service', 'User')).toBeUndefined();
  });

  it('keeps sections apart', () => {
    expect(settingsOf(unit('[Unit]\nUser=a'), 'Service', 'User')).toEqual([]);
  });
});
