import { parseRelations } from '../../control/relations.ts';

/** The package names of a relation text, whatever the versions. */
export function relationNames(text: string): Set<string> {
  return new Set(parseRelations(text).flatMap((group) => group.map(({ name }) => name)));
}
