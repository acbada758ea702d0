import { ownValue } from '../system/own-value.ts';
/** Values of specifiers: the unit they are in, and the user it runs as. */
export interface SpecifierFacts {
  /** `cache@main.service` */
  unit: string;
  user: string;
  /** The name of the host that the unit sees. */
  host?: string;
}

/** A text in which every specifier is replaced; or the first that has no meaning in a jail. */
export type Expanded = { text: string } | { unknown: string };

/**
 * Replaces the specifiers of a text, systemd.unit(5), "Specifiers". Those that name the host or the boot have no value
 * that could be in a package.
 */
export function expandSpecifiers(text: string, facts: SpecifierFacts): Expanded {
  let unknown: string | undefined;
  const result = text.replace(/%(.?)/gsu, (all: string, letter: string) => {
    const value = specifierValue(letter, facts);
    if (value === undefined) unknown ??= all;
    return value ?? all;
  });
  return unknown === undefined ? { text: result } : { unknown };
}

const places: Readonly<Record<string, string>> = {
  '%': '%',
  C: '/var/cache',
  E: '/etc',
  L: '/var/log',
  S: '/var/lib',
  T: '/tmp',
  V: '/var/tmp',
  t: '/run',
};

function specifierValue(letter: string, { unit, user, host }: SpecifierFacts): string | undefined {
  const place = ownValue(places, letter);
  if (place !== undefined) return place;
  const { prefix, instance } = unitNameParts(unit);
  const bare = unit.replace(/\.[^.]*$/, '');
  if (letter === 'n') return unit;
  if (letter === 'N') return bare;
  if (letter === 'p') return prefix;
  if (letter === 'P') return unescapeUnitName(prefix);
  if (letter === 'i') return instance;
  if (letter === 'I') return unescapeUnitName(instance);
  if (letter === 'j') return prefix.slice(prefix.lastIndexOf('-') + 1);
  if (letter === 'J') return unescapeUnitName(prefix.slice(prefix.lastIndexOf('-') + 1));
  if (letter === 'f') return `/${unescapeUnitName(instance === '' ? prefix : instance)}`.replace(/^\/+/, '/');
  if (letter === 'H' || letter === 'l' || letter === 'q') return host;
  if (letter === 'u' || letter === 'g') return user;
  return undefined;
}

/** `a@b.service` is the instance `b` of `a@.service`. */
export function unitNameParts(unit: string): { prefix: string; instance: string } {
  const bare = unit.replace(/\.[^.]*$/, '');
  const at = bare.indexOf('@');
  return at < 0
    ? { prefix: bare, instance: '' }
    : { prefix: bare.slice(0, at), instance: bare.slice(at + 1) };
}

/** systemd-escape(1) backwards: `-` is `/`, `\xHH` a byte. */
function unescapeUnitName(text: string): string {
  const bytes = text
    .replaceAll('-', '/')
    .replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1')
    .toString('utf8')
    .replace(/\p{Cc}/gu, '');
}
