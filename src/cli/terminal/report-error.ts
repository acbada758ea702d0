import { formatDiagnostic, ProdngError } from '../../error/prodng-error.ts';
import { printable } from './output.ts';
import { standardError } from './print.ts';

/** What a failed command tells a program that asked for `--json`. */
export interface ErrorReport {
  error: { code: string; message: string; hint?: string; diagnostics?: readonly unknown[] };
}

/**
 * Writes an error to standard error, for people or, when the command was run with `--json`, for programs.
 *
 * @returns the exit status of the command
 */
export function reportError(error: unknown, json: boolean): number {
  const known = error instanceof ProdngError ? error : internalFault(error);
  standardError().write(json ? `${JSON.stringify(errorReport(known))}\n` : errorText(known));
  return known.exitCode;
}

function internalFault(error: unknown): ProdngError {
  const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new ProdngError('INTERNAL', `internal fault: ${fault}`, {
    hint: 'this is a fault in prodng: please report it with the lines above',
    cause: error,
  });
}

function errorReport(error: ProdngError): ErrorReport {
  const { code, message, hint, diagnostics } = error;
  return {
    error: {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(diagnostics.length === 0 ? {} : { diagnostics }),
    },
  };
}

function errorText(error: ProdngError): string {
  const lines = [...error.diagnostics.map(formatDiagnostic), `prodng: ${error.message}`];
  if (error.hint !== undefined) lines.push(`  hint: ${error.hint}`);
  // a message may quote what a package, or a jail, says of itself
  const text = lines.flatMap((line) => line.split('\n')).map((line) => printable(line));
  return `${text.join('\n')}\n`;
}
