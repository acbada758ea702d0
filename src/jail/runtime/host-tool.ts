import { closeSync } from 'node:fs';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import type { Ending } from '../../kernel/child.ts';
import { endingOf } from '../../kernel/child-watch.ts';
import { makeMemoryFile, takeMemoryFile } from '../../kernel/memory-file.ts';
import { spawnProgram } from '../../kernel/spawn.ts';
import { plainEnvironment, quoteForShell } from '../../system/process.ts';
import { findProgram } from './runtime.ts';

export interface ToolOptions {
  input?: string;
  /** Exit statuses that are an answer (default: 0 only). */
  accept?: readonly number[];
}

export interface ToolResult {
  status: number;
  stdout: string;
  stderr: string;
}

export interface StartOptions {
  /** Our descriptors that become its own, by number (default: none; 0, 1 and 2 are /dev/null then). */
  descriptors?: readonly (number | undefined)[];
  cwd?: string;
  /** Beside the plain environment. */
  env?: Readonly<Record<string, string>>;
}

/**
 * Starts a program of the host: no shell, no environment of the caller's. It is out of the terminal's reach, as it has
 * a session of its own: Ctrl-C is for prodng to handle, not for a half-done `ip` or runtime.
 *
 * @returns its pid; the caller waits for its end
 * @throws ProdngError HOST_LACKS when it is not installed
 */
export function startTool(argv: readonly [string, ...string[]], options: StartOptions = {}): number {
  const [file] = argv;
  const path = findProgram(file);
  if (path === undefined) throw notStarted(file, 'not found');
  const { descriptors = [undefined, undefined, undefined], cwd } = options;
  const env = { ...plainEnvironment, ...options.env };
  try {
    return spawnProgram({ path, argv, env, descriptors, ...(cwd === undefined ? {} : { cwd }) });
  } catch (error) {
    throw notStarted(file, errnoOf(error) ?? String(error), error);
  }
}

/**
 * Runs a program of the host to its end. Unlike `run` of src/system/process.ts it neither loads anything nor copies this
 * process: starting a jail calls several programs of a few ms each.
 *
 * @throws ProdngError HOST_LACKS when it is not installed, COMMAND_FAILED
 */
export async function runTool(
  argv: readonly [string, ...string[]],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const [stdout, stderr] = [makeMemoryFile(), makeMemoryFile()];
  const input = options.input === undefined ? undefined : makeMemoryFile(options.input);
  let status = -1;
  let said = { stdout: '', stderr: '' };
  try {
    status = statusOf(await endingOf(startTool(argv, { descriptors: [input, stdout, stderr] })));
  } finally {
    if (input !== undefined) closeSync(input);
    said = { stdout: takeMemoryFile(stdout), stderr: takeMemoryFile(stderr) };
  }
  const result = { status, ...said };
  if (!(options.accept ?? [0]).includes(status)) throw toolFailed(argv, result);
  return result;
}

/** Its exit status; -1 when a signal ended it. */
export function statusOf(ending: Ending): number {
  return ending.kind === 'exited' ? ending.status : -1;
}

/** What a program that failed said, and how to see it again. */
function toolFailed(argv: readonly string[], { status, stderr, stdout }: ToolResult): ProdngError {
  const said = (stderr || stdout).trimEnd().split('\n').slice(-10).join('\n');
  return new ProdngError('COMMAND_FAILED', `${argv[0]} failed with status ${status}: ${said}`, {
    hint: `to see it again, run: ${argv.map(quoteForShell).join(' ')}`,
  });
}

function notStarted(file: string, why: string, cause?: unknown): ProdngError {
  return new ProdngError('HOST_LACKS', `${file}: ${why}`, {
    hint: `install the Debian package that ships ${file}, or run: prodng doctor`,
    ...(cause === undefined ? {} : { cause }),
  });
}
