/** What a rebuild varies. */
export const variationNames = [
  'build-path',
  'user',
  'home',
  'hostname',
  'clock',
  'time-zone',
  'locale',
  'umask',
  'environment',
  'cpus',
  'directory-order',
  'kernel',
  'jobs',
  'file-system',
] as const;

export type VariationName = (typeof variationNames)[number];

/**
 * Reads what `--vary` was told: names with `+` or `-`, and `all`, from left to right. A first `+` starts from nothing,
 * a first `-` from all.
 *
 * @returns the names in their order, or the word that is wrong
 */
export function parseVariations(text: string): VariationName[] | { fault: string } {
  const words = text.split(',').map((word) => word.trim());
  const chosen = new Set<VariationName>(words[0]?.startsWith('-') === true ? variationNames : []);
  for (const word of words) {
    const name = word.replace(/^[+-]/, '');
    const names = name === 'all' ? variationNames : variationNames.filter((each) => each === name);
    if (names.length === 0) return { fault: word };
    for (const each of names) {
      if (word.startsWith('-')) chosen.delete(each);
      else chosen.add(each);
    }
  }
  return variationNames.filter((name) => chosen.has(name));
}
