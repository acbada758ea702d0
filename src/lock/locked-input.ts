import { formatDeb822, parseDeb822 } from '../control/deb822.ts';
import { ProdngError } from '../error/prodng-error.ts';

/** A file that a build was given beside the locked packages, pinned to its bytes. */
export interface LockedInput {
  /** Its own URL, or a purl. */
  uri: string;
  name: string;
  /** Of an npm package. */
  version?: string;
  /** As the package's own lock states it. */
  licence?: string;
  sha256: string;
  /** When that is what pins it. */
  sha512?: string;
}

/** The place of the list beside the rootfs; there is none when there are no inputs. */
export const inputsFile = 'jail.inputs';

const comment = '# What this build was given beside the packages of jail.lock. Written by prodng build.\n';
const line = /^[^\s][^\n]*$/;

/** Writes inputs as deb822, a stanza each. The same inputs give the same bytes, whatever their order. */
export function formatInputs(inputs: readonly LockedInput[]): string {
  const stanzas = inputs.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).map(stanzaOf);
  return comment + formatDeb822(stanzas.map((fields) => ({ fields })));
}

function keyOf({ uri, sha256 }: LockedInput): string {
  return `${uri} ${sha256}`;
}

function stanzaOf(input: LockedInput): { name: string; value: string }[] {
  const fields: [string, string | undefined][] = [
    ['URI', input.uri],
    ['Name', input.name],
    ['Version', input.version],
    ['License', input.licence],
    ['SHA256', input.sha256],
    ['SHA512', input.sha512],
  ];
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

/**
 * Reads such a list.
 *
 * @param file the name that errors carry
 * @throws ProdngError LOCK_SYNTAX, CONTROL_SYNTAX
 */
export function parseInputs(text: string, file: string): LockedInput[] {
  return parseDeb822(text, file).map((stanza) => {
    const field = (name: string, pattern: RegExp): string | undefined => {
      const value = stanza.get(name);
      if (value === undefined || pattern.test(value)) return value;
      throw new ProdngError('LOCK_SYNTAX', `${file}: ${name}: ${JSON.stringify(value.slice(0, 200))}`);
    };
    const needed = (name: string, pattern: RegExp): string => {
      const value = field(name, pattern);
      if (value === undefined) throw new ProdngError('LOCK_SYNTAX', `${file}: an input without ${name}`);
      return value;
    };
    const [version, licence] = [field('Version', line), field('License', line)];
    const sha512 = field('SHA512', /^[0-9a-f]{128}$/);
    return {
      uri: needed('URI', line),
      name: needed('Name', line),
      sha256: needed('SHA256', /^[0-9a-f]{64}$/),
      ...(version === undefined ? {} : { version }),
      ...(licence === undefined ? {} : { licence }),
      ...(sha512 === undefined ? {} : { sha512 }),
    };
  });
}
