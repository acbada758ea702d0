import { limitChecks } from './consistency-limits.ts';
import { mountChecks } from './consistency-mounts.ts';
import { networkChecks } from './consistency-network.ts';
import { operatorChecks } from './consistency-operator.ts';
import { workdirChecks } from './consistency-workdir.ts';
import type { Inconsistency } from './inconsistency.ts';
import type { JailDeclaration } from './jail-declaration.ts';

/**
 * Everything about a declaration that contradicts itself.
 *
 * @param invalid keys whose values are placeholders, because their fields could not be parsed
 */
export function findInconsistencies(
  declaration: JailDeclaration,
  invalid: ReadonlySet<string> = new Set(),
): Inconsistency[] {
  return [...mountChecks, ...networkChecks, ...limitChecks, ...workdirChecks, ...operatorChecks]
    .filter((check) => !check.reads.some((key) => invalid.has(key)))
    .flatMap((check) => check.find(declaration));
}
