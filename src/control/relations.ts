import { ProdngError } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';

export const versionOperators = ['<<', '<=', '=', '>=', '>>'] as const;
export type VersionOperator = (typeof versionOperators)[number];

/** A word of `[linux-any !armel]` or `<!nocheck cross>`. */
export interface Restriction {
  name: string;
  negated: boolean;
}

/** One alternative of a dependency field. */
export interface Relation {
  /** The package's name; for a bare substitution variable such as `${shlibs:Depends}` the variable as written. */
  name: string;
  /** True for a bare substitution variable: its value is known only after the build. */
  substvar: boolean;
  /** `any`, `native` or an architecture, as in `python3:any`. */
  qualifier?: string;
  version?: { operator: VersionOperator; version: string };
  architectures: Restriction[];
  /** Build profiles: one list for each `<...>`, of which one must hold. */
  profiles: Restriction[][];
}

const name = String.raw`(?<name>[A-Za-z0-9][A-Za-z0-9+.-]*|\$\{[A-Za-z0-9:_-]+\}[A-Za-z0-9+.-]*)`;
const qualifier = String.raw`(?::(?<qualifier>[A-Za-z0-9-]+|\$\{[A-Za-z0-9:_-]+\}))?`;
const version = String.raw`(?:\s*\(\s*(?<operator><<|<=|=|>=|>>|<|>)\s*(?<version>[^()\s<>=][^()\s]*)\s*\))?`;
const architectures = String.raw`(?:\s*\[(?<architectures>[^\]]*)\])?`;
const profiles = String.raw`(?<profiles>(?:\s*<[^<>]*>)*)`;
const pattern = new RegExp(`^${name}${qualifier}${version}${architectures}${profiles}$`);

/** `<` and `>` are deprecated spellings, which dpkg reads as `<=` and `>=`. */
const operators: Record<string, VersionOperator> = {
  '<<': '<<',
  '<=': '<=',
  '<': '<=',
  '=': '=',
  '>=': '>=',
  '>': '>=',
  '>>': '>>',
};

/**
 * Parses a dependency field (Debian Policy 7.1): an AND of ORs. Substitution variables stay as they are written.
 *
 * @throws ProdngError CONTROL_SYNTAX naming the part that is not a relation
 */
export function parseRelations(text: string): Relation[][] {
  const groups: Relation[][] = [];
  for (const group of text.split(',')) {
    // dpkg allows empty parts: substitution variables often leave them behind
    if (group.trim() === '') continue;
    groups.push(group.split('|').map((part) => parseRelation(part.trim().replace(/\s+/g, ' '))));
  }
  return groups;
}

/** What nearly all are. To compile the whole pattern takes longer than to parse them. */
const usual =
  /^([A-Za-z0-9][A-Za-z0-9+.-]*|\$\{[A-Za-z0-9:_-]+\})(?: \((<<|<=|=|>=|>>) ([^()\s<>=][^()\s]*)\))?$/;

function parseRelation(text: string): Relation {
  const [, name, operator, version] = usual.exec(text) ?? [];
  if (name === undefined) return parseUnusual(text);
  const relation = { name, substvar: name === text && name.startsWith('$'), architectures: [], profiles: [] };
  const known = ownValue(operators, operator ?? '');
  return known === undefined || version === undefined
    ? relation
    : { ...relation, version: { operator: known, version } };
}

function parseUnusual(text: string): Relation {
  const groups = pattern.exec(text)?.groups;
  const relationName = groups?.name;
  if (groups === undefined || relationName === undefined)
    throw new ProdngError('CONTROL_SYNTAX', `not a package relation: ${JSON.stringify(text)}`, {
      hint: 'write it as: name (>= 1.0) [amd64] <!nocheck>',
    });
  const operator = ownValue(operators, groups.operator ?? '');
  return {
    name: relationName,
    substvar: /^\$\{[^}]*\}$/.test(relationName) && text === relationName,
    ...(groups.qualifier === undefined ? {} : { qualifier: groups.qualifier }),
    ...(operator === undefined || groups.version === undefined
      ? {}
      : { version: { operator, version: groups.version } }),
    architectures: parseRestrictions(groups.architectures ?? ''),
    profiles: Array.from((groups.profiles ?? '').matchAll(/<([^<>]*)>/g), (match) =>
      parseRestrictions(match[1] ?? ''),
    ),
  };
}

function parseRestrictions(text: string): Restriction[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) =>
      word.startsWith('!') ? { name: word.slice(1), negated: true } : { name: word, negated: false },
    );
}

/** Writes relations as a dependency field holds them. */
export function formatRelations(relations: readonly (readonly Relation[])[]): string {
  return relations.map((group) => group.map(formatRelation).join(' | ')).join(', ');
}

/** Writes one alternative: `libc6 (>= 2.36) [amd64]`. */
export function formatRelation(relation: Relation): string {
  const words = [`${relation.name}${relation.qualifier === undefined ? '' : `:${relation.qualifier}`}`];
  if (relation.version !== undefined)
    words.push(`(${relation.version.operator} ${relation.version.version})`);
  if (relation.architectures.length > 0) words.push(`[${formatRestrictions(relation.architectures)}]`);
  for (const profile of relation.profiles) words.push(`<${formatRestrictions(profile)}>`);
  return words.join(' ');
}

function formatRestrictions(restrictions: readonly Restriction[]): string {
  return restrictions.map(({ name, negated }) => (negated ? `!${name}` : name)).join(' ');
}
