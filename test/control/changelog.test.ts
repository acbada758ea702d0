import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChangelog } from '../../src/control/changelog.ts';

const entry = (head: string, date: string) =>
  `${head}\n\n  * change\n\n -- A. Person <a@example.org>  ${date}\n`;

describe('the first entry of a changelog', () => {
  it.each([
    ['hello (1.0-1) unstable; urgency=medium', 'Mon, 23 Nov 2026 10:00:00 +0100'],
    [
      'hello (2:1~rc1) bookworm bookworm-backports; urgency=low, binary-only=yes',
      'Sun, 01 Mar 2020 23:59:59 -0730',
    ],
    ['x11-a+b (0) UNRELEASED; urgency=medium', 'Thu, 1 Jan 1970 00:00:00 +0000'],
  ])('says what dpkg-parsechangelog says: %s', (head, date) => {
    const text = `${entry(head, date)}\n${entry('older (0.1) unstable; urgency=low', 'Mon, 01 Jan 2001 00:00:00 +0000')}`;
    const ask = (field: string) =>
      execFileSync('dpkg-parsechangelog', ['-l-', '-S', field], { input: text }).toString().trim();
    expect(parseChangelog(text, 'f')).toEqual({
      source: ask('Source'),
      version: ask('Version'),
      distribution: ask('Distribution'),
      timestamp: Number(ask('Timestamp')),
      line: 1,
    });
  });

  it.each([
    ['no head', 'nonsense\n', 1],
    ['an empty file', '', 1],
    ['a version that is none', entry('a (x1) unstable; urgency=low', 'Mon, 23 Nov 2026 10:00:00 +0100'), 1],
    ['no trailer', 'a (1) unstable; urgency=low\n\n  * x\n', 1],
    ['one blank before the date', ' a', 1],
    ['a date in another form', entry('a (1) unstable; urgency=low', '2026-11-23'), 5],
    ['a month that is none', entry('a (1) unstable; urgency=low', 'Mon, 23 Nox 2026 10:00:00 +0100'), 5],
  ])('refuses %s and names the line', (_what, text, line) => {
    expect(() => parseChangelog(text, 'debian/changelog')).toThrow(
      expect.objectContaining({
        code: 'CONTROL_SYNTAX',
        diagnostics: [expect.objectContaining({ file: 'debian/changelog', line })],
      }),
    );
  });

  it('never fails on foreign text but with CONTROL_SYNTAX', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(() => parseChangelog(text, 'f')).toThrow(expect.objectContaining({ code: 'CONTROL_SYNTAX' }));
      }),
    );
  });
});
