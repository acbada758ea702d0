import type { Options } from 'execa';
import { ProdngError } from '../error/prodng-error.ts';

export interface RunOptions {
  /** The working folder (default: the root folder, never the caller's, which is often a source of foreign origin). */
  cwd?: string;
  /** The whole environment of the program; nothing is inherited unless it is named here. */
  env?: Readonly<Record<string, string>>;
  input?: string | Uint8Array;
  /** Ends the program after this many milliseconds. */
  timeout?: number;
  signal?: AbortSignal;
  /** Exit codes that are an answer rather than a failure (default: 0 only). */
  accept?: readonly number[];
  /** What to install or do when the program is not there. */
  hint?: string;
}

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** The least environment a Debian program needs; the user's own never leaks into what we run. */
export const plainEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
};

/**
 * Runs a program to its end, without a shell, and returns what it printed.
 *
 * @throws ProdngError HOST_LACKS when the program is not installed, COMMAND_FAILED when it fails, is killed or
 *   runs past its time; the message holds the command line and the end of what it said
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  // execa costs 60 ms to load: only commands that run something pay for it.
  const { execa } = await import('execa');
  const [file, ...args] = argv;
  const result = await execa(file, args, execaOptions(options));
  const exitCode = result.exitCode ?? -1;
  const stdout = String(result.stdout ?? '');
  const stderr = String(result.stderr ?? '');
  if (result.code === 'ENOENT' && result.exitCode === undefined) {
    throw new ProdngError('HOST_LACKS', `${file}: not found`, {
      hint: options.hint ?? `install the Debian package that ships ${file}, or run: prodng doctor`,
    });
  }
  if (!(options.accept ?? [0]).includes(exitCode))
    throw commandFailed(argv, result.shortMessage ?? '', stderr || stdout);
  return { exitCode, stdout, stderr };
}

function execaOptions(options: RunOptions): Options {
  return {
    env: { ...(options.env ?? plainEnvironment) },
    extendEnv: false,
    reject: false,
    maxBuffer: 256 * 1024 * 1024,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...(options.input === undefined ? {} : { input: options.input }),
    cwd: options.cwd ?? '/',
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  };
}

function commandFailed(argv: readonly string[], how: string, output: string): ProdngError {
  const tail = output.trimEnd().split('\n').slice(-15).join('\n');
  return new ProdngError(
    'COMMAND_FAILED',
    `${how.split('\n')[0] || argv.join(' ')}${tail === '' ? '' : `\n${tail}`}`,
    {
      hint: `to see it again, run: ${argv.map(quoteForShell).join(' ')}`,
    },
  );
}

/** Quotes an argument so that a person can paste the command line into a POSIX shell. We never do so ourselves. */
export function quoteForShell(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
