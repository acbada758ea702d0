import type { JailSummary } from '../../agent/api/jail-view.ts';
import type { AgentClient } from '../../agent/client.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { wildcardPattern } from '../../system/wildcard.ts';

/** For the help of each command that takes several jails. */
export const patternHelp = "Names may be patterns, such as 'web@*': * is any text, ? is one character.";

/**
 * The jails that a command line names.
 *
 * @param given names, and patterns with `*` and `?` (quoted, so that the shell does not expand them)
 * @param all every installed jail, instead of names
 * @returns each name once, in the order in which it was given
 * @throws ProdngError USAGE without names and without `all`, or with both; JAIL_UNKNOWN for a pattern that matches none
 */
export async function namedJails(
  client: AgentClient,
  given: readonly string[],
  all = false,
): Promise<readonly string[]> {
  if (all && given.length > 0) throw new ProdngError('USAGE', '--all takes no names of jails');
  if (!all && given.length === 0)
    throw new ProdngError('USAGE', 'no jail is named', { hint: 'name jails, or use --all' });
  if (!all && !given.some(isPattern)) return [...new Set(given)];
  const installed = ((await client.call('GET', '/v1/jails')) as JailSummary[]).map(({ name }) => name);
  return all ? installed : matching(given, installed);
}

/** The names as given, and in place of each pattern the installed names that it matches. @throws ProdngError JAIL_UNKNOWN */
export function matching(given: readonly string[], installed: readonly string[]): readonly string[] {
  const names = given.flatMap((word) => {
    if (!isPattern(word)) return word;
    const found = installed.filter((name) => wildcardPattern(word, true).test(name));
    if (found.length > 0) return found;
    throw new ProdngError('JAIL_UNKNOWN', `${word} matches no installed jail`, { hint: 'prodng ls' });
  });
  return [...new Set(names)];
}

/** Neither character can be part of a jail's name. */
function isPattern(word: string): boolean {
  return /[*?]/.test(word);
}
