import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Profile } from '../../src/observe/profile.ts';
import { soundProfile } from '../observe/sound-profile.ts';
import { factsOf, lacking } from './compare.ts';
import { auditLoop } from './loop.ts';
import { loopServices } from './services.ts';

const folder = mkdtempSync('/var/tmp/prodng-audit-loop-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a template is recorded, narrowed and recorded again: the same record, nothing more refused', {
  timeout: 900_000,
}, async () => {
  const service = loopServices.find(({ name }) => name === 'python-service');
  if (service === undefined) throw new Error('no such template');
  const { before, after, ...differences } = await auditLoop(service, folder);
  expect(differences).toEqual({
    name: 'python-service',
    newlyRefused: [],
    // the C library falls back to clone(2)
    stillRefused: ['call clone3'],
    onlyBefore: [],
    onlyAfter: [],
    furtherDiff: '',
  });
  expect(before.allowed).toBeGreaterThan(350);
  expect(after.allowed).toBeLessThan(80);
  expect(after.used).toBe(before.used);
  expect(after.exposure).toBeLessThan(before.exposure);
});

describe('the comparison of two records', () => {
  const call = { call: 'read', program: 1, entered: 1, refused: 0, denied: 0, missing: 0 };
  const one: Profile = { ...soundProfile, calls: [call] };
  const facts = factsOf(one);

  it('finds a call, a refusal, a file and a connection that the other lacks', () => {
    const other = factsOf({
      ...one,
      calls: [call, { ...call, call: 'mount', entered: 0, refused: 1 }, { ...call, call: 'write' }],
      files: [...one.files, { path: '/new', kind: 'written', program: 1, count: 1 }],
      connections: [
        ...one.connections,
        { way: 'connected', protocol: 'tcp', address: '192.0.2.9', port: 9, program: 1, count: 1 },
      ],
    });
    expect(lacking(facts, other)).toEqual([]);
    expect(lacking(other, facts)).toEqual([
      'calls: write',
      'refused: call mount',
      'files: written /new',
      'connections: connected 192.0.2.9 9',
    ]);
  });

  it('takes no notice of how often something was done', () => {
    expect(lacking(factsOf({ ...one, calls: [{ ...call, entered: 70 }] }), facts)).toEqual([]);
  });
});
