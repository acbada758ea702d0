import { readdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { commands as table } from '../../src/cli/commands.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { runProdng } from '../support/prodng.ts';

/** Every command that does something, with the words that name it. */
function commands(of: Command, words: string[] = []): { words: string[]; command: Command }[] {
  return of.commands.flatMap((command) => {
    const named = [...words, command.name()];
    const inner = commands(command, named);
    return inner.length > 0 && command.registeredArguments.length === 0
      ? inner
      : [{ words: named, command }, ...inner];
  });
}

const all = commands(await makeProgram());

test('every command of the table has a help text and a man page', async () => {
  const names = new Set(all.map(({ words }) => words[0]));
  expect(names).toEqual(new Set(table.map(({ name }) => name)));
  const pages = new Set(await readdir('docs/man'));
  for (const { name } of table) expect(pages, name).toContain(`prodng-${name}.1`);
});

test('-o names a file or folder everywhere, and --json goes with --format', () => {
  for (const { words, command } of all) {
    const flags = Object.fromEntries(command.options.map((option) => [option.long, option.flags]));
    const what = words.join(' ');
    if ('--output' in flags) expect(flags['--output'], what).toMatch(/^-o, --output <(?:file|dir|folder)>$/);
    // the format of an export is what it writes
    if (what === 'export') continue;
    const format = command.options.find(({ long }) => long === '--format');
    if (format !== undefined) expect(format.flags, what).toBe('--format <form>');
    expect('--json' in flags, what).toBe(format?.argChoices?.includes('json') === true);
  }
});

test('an alias is the command itself', async () => {
  const list = await runProdng(['list', '--help']);
  expect(list).toMatchObject({ status: 0, stdout: (await runProdng(['ls', '--help'])).stdout });
});

test('an error of the command line is JSON where JSON was asked for', async () => {
  for (const form of [['--json'], ['--format', 'json'], ['--format=json']]) {
    const { status, stderr } = await runProdng(['ls', ...form, '--nonsense']);
    expect({ status, error: JSON.parse(stderr) }).toEqual({
      status: 2,
      error: { error: { code: 'USAGE', message: "unknown option '--nonsense'", hint: 'see --help' } },
    });
  }
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
    expect(stderr).toMatch(/^prodng: /m);
    expect(stderr).not.toMatch(/^ +at /m);
  }
});

test('no command and --version', async () => {
  expect((await runProdng(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+/);
  expect((await runProdng(['--help'])).stdout).toContain('Commands:');
});
