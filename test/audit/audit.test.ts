import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditOf } from '../../src/audit/audit.ts';
import { htmlReport } from '../../src/audit/html-report.ts';
import { sarifReport } from '../../src/audit/sarif-report.ts';
import { textReport } from '../../src/audit/text-report.ts';
import { printable } from '../../src/cli/terminal/output.ts';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { mergeProfiles } from '../../src/observe/merge.ts';
import { type Profile, profileSchema } from '../../src/observe/profile.ts';
import { parseProfile } from '../../src/observe/profile-file.ts';
import { recordRun, truthProgram } from '../observe/recorded.ts';
import { soundProfile } from '../observe/sound-profile.ts';
import { type JailHost, makeJailHost } from '../support/jail-host.ts';

describe('a real record', () => {
  let host: JailHost;
  beforeEach(async () => {
    host = await makeJailHost();
  });
  afterEach(async () => {
    await host.remove();
  });

  const place = 'Jail-Network: loopback\nJail-Filesystem: tmp /tmp size=1M';
  const jail = (fields: string) => ({ fields, programs: { '/bin/truth': truthProgram() } });
  const made = ({ calls }: Profile) =>
    [...new Set(calls.filter(({ entered }) => entered > 0).map(({ call }) => call))].sort();

  it('narrowed to the calls that were made, the jail starts and makes the same, and none is refused', async () => {
    const argv = ['/bin/truth', 'network'];
    const first = await recordRun(host, jail(place), argv);
    const narrow = `${place}\nJail-Syscalls: ${made(first.profile).join(', ')}`;
    const second = await recordRun(host, jail(narrow), argv);
    expect([first.status, second.status]).toEqual([0, 0]);
    expect(second.stdout).toBe(first.stdout);
    expect(made(second.profile)).toEqual(made(first.profile));
    expect(second.profile.calls.filter(({ refused }) => refused > 0)).toEqual([]);
    expect(second.profile.connections).toEqual(first.profile.connections);
  });

  it('exits 1 on findings and 0 without, and 2 for what is no profile', async () => {
    const { profile } = await recordRun(host, jail(`${place}\nJail-Capabilities: CHOWN`), [
      '/bin/truth',
      'files',
    ]);
    const file = join(host.folder, 'profile.json');
    const found = await host.prodng(['audit', file]);
    expect(found.status).toBe(1);
    expect(found.stdout).toMatch(/CAP_CHOWN is declared and was never used/);
    expect(found.stdout).toMatch(/\/etc\/passwd/);
    expect((await host.prodng(['audit', file, '--fail-on', 'never'])).status).toBe(0);
    await writeFile(file, JSON.stringify({ ...profile, programs: [] }));
    expect(await host.prodng(['audit', file])).toMatchObject({ status: 2, stdout: '' });
  });
});

const hostile: Profile = {
  ...soundProfile,
  calls: [{ call: 'mount', program: 1, entered: 0, refused: 2, denied: 0, missing: 0 }],
  files: [
    {
      path: `/tmp/\u001b[2J<script>alert(1)</script>${'x'.repeat(120)}`,
      kind: 'refused',
      program: 1,
      count: 1,
    },
  ],
};

describe('reports', () => {
  const audit = auditOf('hello', soundProfile.declared, '1.0', hostile);

  it('fits 80 columns, and moves no cursor whatever a jail calls its files', () => {
    const text = textReport(audit, { color: false, printable });
    expect(text).not.toContain('\u001b');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('is one page without scripts in HTML', () => {
    const page = htmlReport([audit]);
    expect(page).not.toMatch(/<script|src=|href=/);
    expect(page).toContain('&lt;script&gt;');
  });

  it('names each finding by its tag in SARIF', () => {
    const { runs } = JSON.parse(sarifReport([audit]));
    expect(runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId).sort()).toEqual(
      audit.findings.map(({ tag }) => tag).sort(),
    );
    expect(audit.findings.map(({ tag }) => tag)).toEqual(
      expect.arrayContaining(['syscalls-refused', 'write-refused', 'syscalls-never-used']),
    );
  });
});

describe('never used', () => {
  it.each([
    ['a loss', { lost: { ...soundProfile.lost, calls: 1 } }],
    ['a late start', { fromStart: false }],
  ])('is not said of a record with %s', (_, change) => {
    const declared = { ...soundProfile.declared, capabilities: ['CAP_CHOWN'] };
    const tags = (profile: Profile) => auditOf('x', declared, '1.0', profile).findings.map(({ tag }) => tag);
    expect(tags(soundProfile)).toContain('capability-never-used');
    const incomplete = tags({ ...soundProfile, ...change });
    expect(incomplete.filter((tag) => tag.includes('never'))).toEqual([]);
    expect(incomplete).toContain('record-incomplete');
  });
});

describe('mergeProfiles', () => {
  it('adds what both have, renumbers programs, and is as complete as the least', () => {
    const program = { origin: 'service' as const, outside: false, executed: 1 };
    const other: Profile = {
      ...hostile,
      programs: [
        { id: 1, path: '/bin/first', file: '/bin/first', by: 0, ...program },
        { id: 2, path: '/usr/bin/hello', file: '/usr/bin/hello', by: 1, ...program },
      ],
      calls: [
        { call: 'mount', program: 2, entered: 0, refused: 3, denied: 0, missing: 0 },
        { call: 'read', program: 1, entered: 1, refused: 0, denied: 0, missing: 0 },
      ],
      files: [],
      fromStart: false,
      lost: { ...soundProfile.lost, files: 2 },
    };
    const merged = profileSchema.parse(mergeProfiles([hostile, other]));
    expect(merged).toMatchObject({ runs: 2, duration: 120_000, fromStart: false, lost: { files: 2 } });
    expect(merged.programs.map(({ id, path, executed }) => [id, path, executed])).toEqual([
      [1, '/usr/bin/hello', 2],
      [2, '/bin/first', 1],
    ]);
    expect(merged.calls).toEqual([
      { call: 'mount', program: 1, entered: 0, refused: 5, denied: 0, missing: 0 },
      { call: 'read', program: 2, entered: 1, refused: 0, denied: 0, missing: 0 },
    ]);
  });

  it('refuses profiles of different packages', () => {
    expect(() => mergeProfiles([soundProfile, { ...soundProfile, package: 'other' }])).toThrow(
      /different kinds/,
    );
  });
});

describe('parseProfile', () => {
  it('takes any bytes for a profile or throws a ProdngError', () => {
    const broken = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(fc.constantFrom(...Object.keys(soundProfile)), fc.jsonValue())
        .map(([key, value]) => JSON.stringify({ ...soundProfile, [key]: value })),
    );
    fc.assert(
      fc.property(broken, (text) => {
        try {
          profileSchema.parse(parseProfile(text, 'x'));
        } catch (error) {
          expect(error).toBeInstanceOf(ProdngError);
        }
      }),
    );
  });

  it('refuses an entry of a program that it does not have', () => {
    const text = JSON.stringify({ ...hostile, calls: [{ ...hostile.calls[0], program: 9 }] });
    expect(() => parseProfile(text, 'x')).toThrow(/no program 9/);
  });
});
