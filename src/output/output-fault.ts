import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';

/**
 * The error for a result that cannot be written.
 *
 * @param verb what could not be done: `written`
 * @returns ProdngError IO for an error of the system; any other error as it is
 */
export function outputFault(path: string, error: unknown, verb: string): unknown {
  const code = errnoOf(error);
  if (error instanceof ProdngError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const hint = ownValue(hints, code);
  return new ProdngError('IO', `${path}: cannot be ${verb}: ${reasonOf(error)}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

const hints: Readonly<Record<string, string>> = {
  ELOOP:
    'a symbolic link is there; prodng follows none beside or inside a source: remove it, or use --output',
  ENOSPC: 'free some space on that file system and try again',
  EISDIR: 'a folder has that name: remove it, or use --output',
};
