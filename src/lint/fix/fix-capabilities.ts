import { canonicalCapability, capabilityNames, whyIneffective } from '../../control/capabilities.ts';
import { nearest } from '../../control/suggest.ts';

/** Each once, in the order of their numbers, spelled right, without those that never work or are never needed. */
export function fixedCapabilities(lines: readonly string[]): readonly string[] {
  const words = lines
    .join(' ')
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  if (words.length === 0 || words.includes('none')) return lines;
  const known = words.map(corrected);
  // an unknown name is left to its author
  if (known.includes(undefined)) return lines;
  const kept = capabilityNames.filter(
    (name) => known.includes(name) && whyIneffective(name) === undefined && name !== 'CAP_NET_BIND_SERVICE',
  );
  const isRight =
    kept.length === words.length &&
    kept.every((name, index) => name === canonicalCapability(words[index] ?? ''));
  if (isRight) return lines;
  const prefixed = words.every((word) => /^cap_/i.test(word));
  return kept.length === 0 ? [] : [kept.map((name) => (prefixed ? name : name.slice(4))).join(', ')];
}

/** One letter off is a slip of the pen; more than that is a guess. */
function corrected(word: string): string | undefined {
  const exact = canonicalCapability(word);
  if (exact !== undefined) return exact;
  const short = word.toUpperCase().replace(/-/g, '_').replace(/^CAP_/, '');
  const name = nearest(
    short,
    capabilityNames.map((each) => each.slice(4)),
  );
  if (name === undefined || Math.abs(name.length - short.length) > 1) return undefined;
  return `CAP_${name}`;
}
