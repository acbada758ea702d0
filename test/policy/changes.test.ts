import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/policy/parse-policy.ts';
import { policyChanges } from '../../src/policy/policy-changes.ts';

const before = `Policy: strict
Jails: web db*

On: syscall-refused
Match: mount
Action: kill

On: syscall-refused
Action: alert
Every: 60s
`;

function changesTo(after: string): string[] {
  return policyChanges(parsePolicy(before, 'before'), parsePolicy(after, 'after')).map(
    ({ text, weaker }) => `${weaker ? 'weaker' : 'stronger'}: ${text}`,
  );
}

describe('policyChanges', () => {
  it('finds nothing where only the text differs', () => {
    expect(changesTo(`# note\n${before.replace('web db*', 'db*, web').replace('60s', '1min')}`)).toEqual([]);
  });

  it.each([
    ['Jails: web', 'weaker: Jails: - db*'],
    ['Jails: web db* x', 'stronger: Jails: + x'],
  ])('tells which jails it is for now: %s', (jails, change) => {
    expect(changesTo(before.replace('Jails: web db*', jails))).toEqual([change]);
  });

  it('is not weaker for a jail that is left out while it is for all', () => {
    expect(changesTo(before.replace('web db*', '*'))).toEqual([
      'stronger: Jails: + *',
      'stronger: Jails: - web',
      'stronger: Jails: - db*',
    ]);
  });

  it('is weaker in mode observe, and stronger back', () => {
    const observed = before.replace('db*\n', 'db*\nMode: observe\n');
    expect(changesTo(observed)).toEqual(['weaker: Mode: enforce -> observe']);
    const back = policyChanges(parsePolicy(observed, 'a'), parsePolicy(before, 'b'));
    expect(back).toEqual([{ text: 'Mode: observe -> enforce', weaker: false }]);
  });

  it.each([
    ['Action: kill', 'Action: log', 'weaker: syscall-refused mount: kill -> log'],
    ['Every: 60s', 'Every: 120s', 'weaker: syscall-refused any: Every 60s -> 120s'],
    ['Every: 60s', 'Every: 1s', 'stronger: syscall-refused any: Every 60s -> 1s'],
    ['Match: mount', 'Match: mount, ptrace', 'stronger: syscall-refused ptrace: alert -> kill'],
    [
      '60s\n',
      '60s\n\nOn: capability-denied\nAction: log\n',
      'stronger: capability-denied any: nothing -> log',
    ],
  ])('compares what is done about each thing: %s -> %s', (from, to, change) => {
    expect(changesTo(before.replace(from, to))).toEqual([change]);
  });

  it('tells what is no longer named by what is done about it now', () => {
    const [head = '', , rest = ''] = before.split('\n\n');
    expect(changesTo(`${head}\n\n${rest}`)).toEqual(['weaker: syscall-refused mount: kill -> alert']);
    expect(changesTo(before.replace('On: syscall-refused\nAction: alert\nEvery: 60s\n', ''))).toEqual([
      'weaker: syscall-refused any: alert -> nothing',
    ]);
  });
});
