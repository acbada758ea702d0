import { parseRelations, type Relation, type VersionOperator } from './relations.ts';
import { compareVersions } from './version.ts';

/** A package that may satisfy a relation. */
export interface AvailablePackage {
  name: string;
  version: string;
  architecture: string;
  /** The text of its Provides field. */
  provides?: string;
}

/** Whether `version` has that relation to `bound` (Debian Policy 7.1). */
export function versionSatisfies(version: string, operator: VersionOperator, bound: string): boolean {
  const order = compareVersions(version, bound);
  if (operator === '<<') return order < 0;
  if (operator === '<=') return order <= 0;
  if (operator === '=') return order === 0;
  if (operator === '>=') return order >= 0;
  return order > 0;
}

/** Whether `[...]` and `<...>` let a relation apply on this architecture with these build profiles. */
export function relationApplies(
  relation: Relation,
  architecture: string,
  profiles: readonly string[] = [],
): boolean {
  return architectureApplies(relation, architecture) && profilesApply(relation, profiles);
}

function architectureApplies({ architectures }: Relation, architecture: string): boolean {
  if (architectures.length === 0) return true;
  const matches = architectures.some(({ name }) => architectureMatches(name, architecture));
  return architectures[0]?.negated === true ? !matches : matches;
}

/** Architecture wildcards (Policy 11.1.1) as far as Linux ports with one-word names need them. */
function architectureMatches(wildcard: string, architecture: string): boolean {
  if (wildcard === 'any' || wildcard === architecture) return true;
  return (
    wildcard === 'linux-any' || wildcard === `any-${architecture}` || wildcard === `linux-${architecture}`
  );
}

function profilesApply({ profiles }: Relation, active: readonly string[]): boolean {
  if (profiles.length === 0) return true;
  return profiles.some((terms) => terms.every(({ name, negated }) => active.includes(name) !== negated));
}

/**
 * The groups of a dependency field that none of the packages satisfies: by name and version, or through Provides
 * (a versioned relation needs a versioned Provides). Relations that do not apply to the architecture, and bare
 * substitution variables, count as satisfied.
 */
export function unsatisfiedRelations(
  relations: readonly (readonly Relation[])[],
  packages: Iterable<AvailablePackage>,
  architecture: string,
): Relation[][] {
  const versions = providedVersions(packages);
  return relations
    .map((group) => group.filter((relation) => !relation.substvar && relationApplies(relation, architecture)))
    .filter((group) => group.length > 0 && !group.some((relation) => isSatisfied(relation, versions)));
}

/** For each name the versions under which it is there; '' for an unversioned Provides. */
function providedVersions(packages: Iterable<AvailablePackage>): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  const add = (name: string, version: string) => {
    const known = versions.get(name);
    if (known === undefined) versions.set(name, [version]);
    else known.push(version);
  };
  for (const item of packages) {
    add(item.name, item.version);
    for (const provided of parseRelations(item.provides ?? '').flat())
      add(provided.name, provided.version?.version ?? '');
  }
  return versions;
}

function isSatisfied(relation: Relation, versions: Map<string, string[]>): boolean {
  const { version: bound } = relation;
  const there = versions.get(relation.name) ?? [];
  if (bound === undefined) return there.length > 0;
  return there.some((version) => version !== '' && versionSatisfies(version, bound.operator, bound.version));
}
