import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { ProdngError } from '../error/prodng-error.ts';
import { plainEnvironment, quoteForShell } from '../system/process.ts';

export interface ToolOptions {
  input?: string;
  /** How the tool's streams go (default: input, and both outputs kept for messages). */
  stdio?: StdioOptions;
  /** Exit statuses that are an answer (default: 0 only). */
  accept?: readonly number[];
  cwd?: string;
  /** Beside the plain environment. */
  env?: Readonly<Record<string, string>>;
}

export interface ToolResult {
  status: number;
  stdout: string;
  stderr: string;
}

/**
 * Starts a program of the host: no shell, no environment of the caller's. It is out of the terminal's reach, as it has
 * a session of its own: Ctrl-C is for prodng to handle, not for a half-done `ip` or runtime.
 */
export function startTool(argv: readonly [string, ...string[]], options: ToolOptions = {}): ChildProcess {
  const [file, ...args] = argv;
  return spawn(file, args, {
    stdio: options.stdio ?? ['pipe', 'pipe', 'pipe'],
    env: { ...plainEnvironment, ...options.env },
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

/**
 * Runs a program of the host to its end. Unlike `run` of src/system/process.ts it loads nothing: starting a jail calls
 * half a dozen programs of a few ms each.
 *
 * @throws ProdngError HOST_LACKS when it is not installed, COMMAND_FAILED
 */
export async function runTool(
  argv: readonly [string, ...string[]],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const result = await endOf(startTool(argv, options), argv[0], options.input);
  if (!(options.accept ?? [0]).includes(result.status)) throw toolFailed(argv, result);
  return result;
}

/** Waits for a started program, feeding it `input` and keeping what it says. */
export async function endOf(child: ChildProcess, file: string, input = ''): Promise<ToolResult> {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  // a program that does not read its input is not a fault
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(notStarted(file, cause)));
    child.once('close', (code) => resolve(code ?? -1));
  });
  return {
    status,
    stdout: Buffer.concat(stdout).toString('utf8'),
    stderr: Buffer.concat(stderr).toString('utf8'),
  };
}

/** What a program that failed said, and how to see it again. */
export function toolFailed(argv: readonly string[], { status, stderr, stdout }: ToolResult): ProdngError {
  const said = (stderr || stdout).trimEnd().split('\n').slice(-10).join('\n');
  return new ProdngError('COMMAND_FAILED', `${argv[0]} failed with status ${status}: ${said}`, {
    hint: `to see it again, run: ${argv.map(quoteForShell).join(' ')}`,
  });
}

function notStarted(file: string, cause: Error): ProdngError {
  return new ProdngError('HOST_LACKS', `${file}: ${cause.message}`, {
    hint: `install the Debian package that ships ${file}, or run: prodng doctor`,
    cause,
  });
}
