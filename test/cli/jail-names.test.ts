import { expect, test } from 'vitest';
import { AgentClient } from '../../src/agent/client.ts';
import { matching, namedJails } from '../../src/cli/terminal/jail-names.ts';

const installed = ['db', 'web', 'web@1', 'web@2', 'web@10', 'w.b'];

test('a pattern names the installed jails that it matches, each once', () => {
  expect(matching(['web@*', 'web@1', 'db'], installed)).toEqual(['web@1', 'web@2', 'web@10', 'db']);
  expect(matching(['web@?'], installed)).toEqual(['web@1', 'web@2']);
  expect(matching(['*'], installed)).toEqual(installed);
});

test('no other character of a pattern has a meaning', () => {
  expect(matching(['w.?'], installed)).toEqual(['w.b']);
  expect(() => matching(['[dw]b*'], installed)).toThrow('[dw]b* matches no installed jail');
  expect(() => matching(['(*'], installed)).toThrow('(* matches no installed jail');
});

test('a plain name is left to the agent', () => {
  expect(matching(['missing'], installed)).toEqual(['missing']);
});

test('either names or --all', async () => {
  const nowhere = new AgentClient({
    name: 'nowhere',
    host: 'nowhere',
    isRemote: false,
    connect: () => {
      throw new Error('asked');
    },
  });
  await expect(namedJails(nowhere, [])).rejects.toThrow('no jail is named');
  await expect(namedJails(nowhere, ['web'], true)).rejects.toThrow('--all takes no names');
  expect(await namedJails(nowhere, ['web', 'db', 'web'])).toEqual(['web', 'db']);
});
