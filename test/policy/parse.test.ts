import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { parsePolicy } from '../../src/policy/parse-policy.ts';
import { appliesTo } from '../../src/policy/policy.ts';
import { rehearse } from '../../src/policy/rehearse.ts';
import { soundProfile } from '../observe/sound-profile.ts';

const text = `# a comment
Policy: strict
Jails: hello, web*

On: syscall-refused
Match: swapoff, mount
Action: kill

On: capability-denied
Match: chown
Action: log
`;

describe('parsePolicy', () => {
  it('reads the stanzas, with the position of each rule', () => {
    expect(parsePolicy(text, 'f')).toEqual({
      name: 'strict',
      jails: ['hello', 'web*'],
      mode: 'enforce',
      rules: [
        { on: 'syscall-refused', match: ['swapoff', 'mount'], action: 'kill', file: 'f', line: 5 },
        { on: 'capability-denied', match: ['CAP_CHOWN'], action: 'log', file: 'f', line: 9 },
      ],
    });
  });

  it.each([
    ['', 1, /empty/],
    ['Policy: x\nJails: *\n', 1, /no rules/],
    ['Policy: x\nJail: *\n\nOn: syscall-refused\nAction: kill\n', 2, /no such field/],
    [
      'Policy: x\nJails: *\nMode: maybe\n\nOn: syscall-refused\nAction: kill\n',
      3,
      /none of enforce, observe/,
    ],
    ['Policy: x\nJails: *\n\nOn: syscall-refused\nAction: kil\n', 5, /none of log/],
    ['Policy: x\nJails: *\n\nOn: syscall-refused\nMatch: moun\nAction: kill\n', 5, /"moun" is unknown/],
    ['Policy: x\nJails: *\n\nOn: program-outside\nMatch: a\nAction: kill\n', 5, /nothing to match/],
    ['Policy: x\nJails: /etc\n\nOn: program-outside\nAction: kill\n', 2, /no name of a jail/],
  ])('refuses %j at line %i', (broken, line, message) => {
    try {
      parsePolicy(broken, 'f');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ProdngError);
      const { diagnostics = [] } = error instanceof ProdngError ? error : {};
      expect(diagnostics).toContainEqual(
        expect.objectContaining({ line, message: expect.stringMatching(message) }),
      );
    }
  });

  it('takes any text for a policy or throws a ProdngError', () => {
    const lines = fc.constantFrom(
      'Policy: x',
      'Jails: *',
      'Mode: observe',
      '',
      'On: syscall-refused',
      'Match: any',
      'Action: log',
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.oneof(lines, fc.string())).map((all) => all.join('\n')),
    );
    fc.assert(
      fc.property(texts, (broken) => {
        try {
          expect(parsePolicy(broken, 'f').rules.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ProdngError);
        }
      }),
    );
  });
});

it('is for the jails it names, and * matches any characters', () => {
  const policy = parsePolicy(text, 'f');
  expect(['hello', 'web', 'web@1', 'hello2', 'aweb'].map((jail) => appliesTo(policy, jail))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

it('rehearses a record: the rule that names a thing comes before the one for any', () => {
  const policy = parsePolicy(`${text}\nOn: syscall-refused\nAction: log\n`, 'f');
  const call = { program: 1, entered: 0, denied: 0, missing: 0 };
  const met = rehearse(policy, {
    ...soundProfile,
    calls: [
      { call: 'mount', refused: 2, ...call },
      { call: 'acct', refused: 1, ...call },
      { call: 'read', refused: 0, ...call, entered: 9 },
    ],
  });
  expect(met.map(({ rule, what, count }) => [rule.action, what, count])).toEqual([
    ['kill', 'mount', 2],
    ['log', 'acct', 1],
  ]);
});
