import { Command, CommanderError } from 'commander';
import { commands, internalCommands } from './commands.ts';
import { print, terminalWidth } from './terminal/print.ts';

/**
 * The command line of prodng, with all of its commands.
 *
 * @param wanted the only command that is to be usable: no module of another is loaded. The others stand in the list
 *   when that names no command, for whoever reads the list then.
 */
export async function makeProgram(wanted?: { name: string | undefined }): Promise<Command> {
  const program = new Command('prodng')
    .description('Services in jails that arrive as Debian packages')
    .version(packageVersion, '-V, --version')
    .showHelpAfterError('(see --help)')
    .exitOverride()
    .configureOutput(output)
    .enablePositionalOptions();
  const only = wanted && commands.find(({ name }) => name === wanted.name);
  for (const { name, summary, load } of only === undefined ? commands : [only]) {
    if (wanted === undefined || only !== undefined) (await load()).register(program);
    else program.command(name).description(summary);
  }
  return program;
}

/** What commander would ask Node's streams, which take long to load. Our help has no colours. */
const output = {
  writeOut: print,
  getOutHelpWidth: () => terminalWidth() ?? 80,
  getOutHasColors: () => false,
};

declare const __PRODNG_VERSION__: string | undefined;
const packageVersion = typeof __PRODNG_VERSION__ === 'string' ? __PRODNG_VERSION__ : 'development';

/**
 * Runs one command line.
 *
 * @param argv the arguments, without the interpreter and the program
 * @returns the exit status: 0 fine, 1 findings or mismatch, 2 usage, configuration or host cannot, 3 internal fault
 */
export async function main(argv: readonly string[]): Promise<number> {
  process.exitCode = 0;
  try {
    const words = argv.filter((word) => !word.startsWith('-'));
    const wanted = words[0] === 'help' ? words[1] : words[0];
    const program = await makeProgram({ name: wanted });
    for (const { name, load } of internalCommands) if (name === wanted) (await load()).register(program);
    await program.parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // commander has already printed help, the version or what was wrong with the arguments
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { reportError } = await import('./terminal/report-error.ts');
    return reportError(error, ownArguments(argv).includes('--json'));
  }
}

/** What stands before `--`: the rest belongs to the program that runs in the jail. */
function ownArguments(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
