import { Command, CommanderError } from 'commander';
import { ProdngError } from '../error/prodng-error.ts';
import { commands, internalCommands } from './commands.ts';
import { useRemote } from './terminal/agent-client.ts';
import { wantsJson } from './terminal/format.ts';
import { print, terminalWidth } from './terminal/print.ts';
import { takeRemoteOptions } from './terminal/remote-options.ts';

/**
 * The command line of prodng, with all of its commands.
 *
 * @param wanted the only command to load. If it names no command, all are listed, without their options.
 * @param json errors of the command line are not printed: the caller reports them as JSON
 */
export async function makeProgram(wanted?: { name: string | undefined }, json = false): Promise<Command> {
  const program = new Command('prodng')
    .description('Services in jails that arrive as Debian packages')
    .version(packageVersion, '-V, --version')
    .showHelpAfterError('(see --help)')
    .exitOverride()
    .configureOutput(json ? { ...output, writeErr: () => {} } : output)
    .option('--host <remote>', 'https://NAME:PORT of an agent, or a name in remotes.json')
    .option('--cert <file>', 'certificate for --host')
    .option('--key <file>', 'key of that certificate')
    .option('--ca <file>', 'authority of the certificate of --host')
    .enablePositionalOptions();
  const only = commands.find(
    ({ name, aliases = [] }) => wanted?.name === name || aliases.some((alias) => alias === wanted?.name),
  );
  for (const { name, aliases = [], summary, load } of only === undefined ? commands : [only]) {
    if (wanted === undefined || only !== undefined) (await load()).register(program);
    else program.command(name).description(summary);
    program.commands.find((command) => command.name() === name)?.aliases(aliases);
  }
  return program;
}

/** Replaces what commander asks of Node's streams, which load slowly. The help has no colours. */
const output = {
  writeOut: print,
  getOutHelpWidth: () => terminalWidth() ?? 80,
  getOutHasColors: () => false,
  outputError: (text: string, write: (text: string) => void) => write(text.replace(/^error: /, 'prodng: ')),
};

declare const __PRODNG_VERSION__: string | undefined;
const packageVersion = typeof __PRODNG_VERSION__ === 'string' ? __PRODNG_VERSION__ : 'development';

/**
 * Runs one command line.
 *
 * @param given the arguments, without the interpreter and the program
 * @returns the exit status: 0 fine, 1 findings or mismatch, 2 usage, configuration or host cannot, 3 internal fault
 */
export async function main(given: readonly string[]): Promise<number> {
  process.exitCode = 0;
  const json = wantsJson(ownArguments(given));
  try {
    const { remote, rest: argv } = takeRemoteOptions(given);
    const words = argv.filter((word) => !word.startsWith('-'));
    const wanted = words[0] === 'help' ? words[1] : words[0];
    const program = await makeProgram({ name: wanted }, json);
    if (remote.host !== undefined) assertRemote(wanted);
    useRemote(remote);
    for (const { name, load } of internalCommands) if (name === wanted) (await load()).register(program);
    await program.parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // commander has printed the help, the version or, unless as JSON, the error
    if (error instanceof CommanderError && (error.exitCode === 0 || !json))
      return error.exitCode === 0 ? 0 : 2;
    const { reportError } = await import('./terminal/report-error.ts');
    return reportError(error instanceof CommanderError ? usageError(error) : error, json);
  }
}

/** @throws ProdngError USAGE for a command that works on this host alone */
function assertRemote(wanted: string | undefined): void {
  const command = commands.find(
    ({ name, aliases = [] }) => name === wanted || aliases.some((alias) => alias === wanted),
  );
  if (command === undefined || command.remote === true) return;
  throw new ProdngError(
    'USAGE',
    `${command.name}: works on this host; --host is for commands that ask an agent`,
  );
}

function usageError({ message }: CommanderError): ProdngError {
  return new ProdngError('USAGE', message.replace(/^error: /, ''), { hint: 'see --help' });
}

/** The words before `--`: the rest belongs to the program that runs in the jail. */
function ownArguments(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
