import { Field, Paragraph } from '../../control/deb822-types.ts';
import type { JailSource } from '../../control/jail-source.ts';
import { ProdngError } from '../../error/prodng-error.ts';

const jailField = /^(?:x[bcs]*-)?(?=jail-)/i;

/**
 * The control stanza of a jail, from its source. debian/rules writes the stanza of the package as built and could put
 * anything into it; it decides nothing. What names the package and the Jail-* fields must be as the source has them,
 * Description alone is the built one's, since it may have substitution variables.
 *
 * @param built the control stanza of the package as built
 * @param architecture the host's
 * @throws ProdngError BUILD_FAILED naming every field that differs
 */
export function jailStanza(built: Paragraph, source: JailSource, architecture: string): Paragraph {
  const { packageName, version, sourceName, sourceStanza, binaryStanza } = source;
  const declared = new Map(jailFields(binaryStanza).map((field) => [field.name, field.value]));
  const faults = [
    ...difference('Package', built.get('Package'), packageName),
    ...difference('Version', built.get('Version'), version),
    ...difference('Architecture', built.get('Architecture'), expectedArchitecture(source, architecture)),
    ...difference('Source', sourceOf(built), sourceName),
    ...jailDifferences(jailFields(built), declared),
  ];
  if (faults.length > 0)
    throw new ProdngError(
      'BUILD_FAILED',
      `${packageName}: the package as built differs from debian/control:\n  ${faults.join('\n  ')}`,
      {
        hint: 'debian/rules, or a program that it runs, changed the control file: declare it in debian/control',
      },
    );
  const own = (name: string) => field(name, binaryStanza.get(name) ?? sourceStanza.get(name));
  return new Paragraph([
    ...field('Package', packageName),
    ...(sourceName === packageName ? [] : field('Source', sourceName)),
    ...field('Version', version),
    ...field('Maintainer', sourceStanza.get('Maintainer')),
    ...['Section', 'Priority', 'Homepage'].flatMap(own),
    // in the order of dpkg-gencontrol
    ...[...declared].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, value]) => field(name, value)),
    ...field('Description', built.get('Description')),
  ]);
}

function field(name: string, value: string | undefined): Field[] {
  return value === undefined ? [] : [new Field(name, value)];
}

/** The Jail-* fields of a stanza without dpkg's prefix, with its capitals: `XB-jail-memory` is `Jail-Memory`. */
function jailFields(stanza: Paragraph): { name: string; value: string }[] {
  return stanza.fields
    .filter(({ name }) => jailField.test(name))
    .map(({ name, value }) => ({
      name: name.replace(jailField, '').replace(/[^-]+/g, capitalized),
      value,
    }));
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}

function jailDifferences(
  built: readonly { name: string; value: string }[],
  declared: ReadonlyMap<string, string>,
): string[] {
  const builtNames = new Set(built.map(({ name }) => name));
  const missing = [...declared].filter(([name]) => !builtNames.has(name));
  return [
    // each occurrence: a field that is there twice has two values
    ...built.flatMap(({ name, value }) => difference(name, value, declared.get(name))),
    ...missing.flatMap(([name, value]) => difference(name, undefined, value)),
  ];
}

function difference(name: string, built: string | undefined, declared: string | undefined): string[] {
  if (built !== undefined && declared !== undefined && comparable(built) === comparable(declared)) return [];
  return [`${name}: built ${quoted(built)}, declared ${quoted(declared)}`];
}

/** dpkg may wrap and indent a value in another way. */
function comparable(value: string): string {
  return value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

function quoted(value: string | undefined): string {
  return value === undefined ? 'no such field' : JSON.stringify(value.slice(0, 200));
}

/** `all` stays; every other one must have matched the host, or dpkg would not have built the package. */
function expectedArchitecture({ architecture: declared }: JailSource, architecture: string): string {
  return declared === 'all' ? 'all' : architecture;
}

/** The name of the source: without the field it is the package's, with a version in parentheses that is not compared. */
function sourceOf(built: Paragraph): string | undefined {
  const text = built.get('Source');
  return text === undefined ? built.get('Package') : text.trim();
}
