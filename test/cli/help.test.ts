import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { makeProgram } from '../../src/cli/program.ts';
import { runProdng } from '../support/prodng.ts';

/** Every command that does something, with the words that name it. */
function commands(of: Command, words: string[] = []): { words: string[]; command: Command }[] {
  return of.commands.flatMap((command) => {
    const named = [...words, command.name()];
    return command.commands.length > 0 ? commands(command, named) : [{ words: named, command }];
  });
}

const all = commands(await makeProgram());

test('there are the commands of the main job', () => {
  const names = all.map(({ words }) => words.join(' '));
  expect(names).toEqual(
    expect.arrayContaining(['new', 'templates', 'lock', 'build', 'lint', 'run', 'doctor']),
  );
});

for (const { words, command } of all) {
  test(`prodng ${words.join(' ')} --help says what it does, with an example`, () => {
    let text = '';
    command.configureOutput({ writeOut: (said) => (text += said) });
    command.outputHelp();
    expect(command.description()).not.toBe('');
    expect(text).toMatch(/\n *(?:Examples?:)/);
    expect(text).toContain(`prodng ${words.join(' ')}`);
  });
}

test('a command line that is wrong ends with 2 and a line that says so, without a stack trace', {
  timeout: 300_000,
}, async () => {
  for (const argv of [['nonsense'], ['build', '--nonsense'], ['new'], ['run']]) {
    const { status, stderr } = await runProdng(argv);
    expect({ argv, status }).toEqual({ argv, status: 2 });
    expect(stderr).toMatch(/^error: /m);
    expect(stderr).not.toMatch(/^ +at /m);
  }
});

test('no command and --version', async () => {
  expect((await runProdng(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+/);
  expect((await runProdng(['--help'])).stdout).toContain('Commands:');
});
