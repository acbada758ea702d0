import { getSystemErrorMap } from 'node:util';
import { type ErrorCode, errorCodes } from './codes.ts';

/** One finding at a place in a file. Lines and columns count from 1. */
export interface Diagnostic {
  file: string;
  line: number;
  column?: number;
  field?: string;
  message: string;
}

export interface ProdngErrorOptions {
  /** What the user can do about it, in the imperative. */
  hint?: string;
  /** Every single finding, when one operation found several. */
  diagnostics?: Diagnostic[];
  cause?: unknown;
}

/** The only error type that ProdNG throws on purpose: `message` says what and where, `hint` what to do. */
export class ProdngError extends Error {
  override readonly name = 'ProdngError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: ErrorCode, message: string, options: ProdngErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.diagnostics = options.diagnostics ?? [];
  }

  /** The exit status that a command ends with for this error. */
  get exitCode(): 1 | 2 | 3 {
    return errorCodes[this.code].exit;
  }
}

/** Writes a diagnostic as compilers do: `file:line: field: message`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, field, message } = diagnostic;
  const place = column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
  return field === undefined ? `${place}: ${message}` : `${place}: ${field}: ${message}`;
}

/** The errno name of a system error (`ENOENT`), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Why a system call failed, in the words of errno(3): `no such file or directory`. Of any other error what it says.
 */
export function reasonOf(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === undefined) return error instanceof Error ? error.message : String(error);
  for (const [name, text] of getSystemErrorMap().values()) if (name === errno) return text;
  return error instanceof Error && error.message !== '' ? error.message : errno;
}

/** What was thrown, in its own words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
