import { ProdngError } from '../error/prodng-error.ts';

/**
 * A suite's name as a folder of dists/.
 *
 * @throws ProdngError USAGE
 */
export function parseSuiteName(text: string): string {
  if (/^[a-z0-9][a-zA-Z0-9+.~-]{0,99}$/.test(text)) return text;
  throw new ProdngError('USAGE', `${JSON.stringify(text)}: not the name of a suite`, {
    hint: 'letters, digits and +.~- such as production',
  });
}

/** The name of a snapshot: `production-20261127T143000Z`. */
export function snapshotName(suite: string, date: Date): string {
  return `${suite}-${date.toISOString().replace(/[-:]|\.\d+/g, '')}`;
}
