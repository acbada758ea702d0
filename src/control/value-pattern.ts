/** One item of a pattern: characters that it takes, and how often. */
interface Item {
  takes: (character: string) => boolean;
  least: number;
  most: number;
}

/** A parsed pattern: alternatives, each a row of items. */
export type ValuePattern = readonly (readonly Item[])[];

const mostItems = 64;

/**
 * Reads a pattern for values: the part of a regular expression that takes linear time, since the pattern comes with a
 * package and is matched by the host. Alternatives (`a|b`) of characters, `.`, `\` before a character and classes
 * (`[a-z0-9_]`, `[^ ]`), each with `?`, `*`, `+`, `{N}` or `{N,M}`. There are no groups. It matches the whole value.
 *
 * @returns what is wrong with it when it is none
 */
export function parsePattern(text: string): ValuePattern | string {
  const alternatives: Item[][] = [[]];
  const piece =
    /(?<bar>\|)|(?:\[(?<not>\^?)(?<set>(?:\\.|[^\]\\])+)\]|\\(?<escaped>.)|(?<plain>[^\\[\](){}?*+|]))(?<times>[?*+]|\{\d{1,4}(?:,\d{1,4})?\})?/uy;
  let count = 0;
  while (piece.lastIndex < text.length) {
    const at = piece.lastIndex;
    const groups = piece.exec(text)?.groups;
    if (groups === undefined) return `"${text.slice(at, at + 20)}" is no part of a pattern`;
    if (groups.bar !== undefined) {
      alternatives.push([]);
      continue;
    }
    count += 1;
    if (count > mostItems) return `a pattern has at most ${mostItems} parts`;
    const takes = takerOf(groups);
    const [least, most] = timesOf(groups.times);
    if (takes === undefined || least > most) return `"${text.slice(at, piece.lastIndex)}" takes nothing`;
    alternatives.at(-1)?.push({ takes, least, most });
  }
  return alternatives;
}

function takerOf(groups: Readonly<Record<string, string | undefined>>): Item['takes'] | undefined {
  const { not, set, escaped, plain } = groups;
  if (escaped !== undefined) return (character) => character === escaped;
  if (set === undefined) return plain === '.' ? () => true : (character) => character === plain;
  const ranges: [string, string][] = [];
  for (const [, first = '', last = first] of set.matchAll(/\\?(.)(?:-\\?(.))?/gsu)) {
    if (first > last) return undefined;
    ranges.push([first, last]);
  }
  const inverted = not === '^';
  return (character) => ranges.some(([first, last]) => character >= first && character <= last) !== inverted;
}

function timesOf(times: string | undefined): [least: number, most: number] {
  if (times === undefined) return [1, 1];
  if (times === '?') return [0, 1];
  if (times === '*') return [0, Number.POSITIVE_INFINITY];
  if (times === '+') return [1, Number.POSITIVE_INFINITY];
  const [least = '0', most = least] = times.slice(1, -1).split(',');
  return [Number(least), Number(most)];
}

/** Whether a pattern matches a whole value; the time is the product of their lengths. */
export function matchesPattern(pattern: ValuePattern, value: string): boolean {
  const characters = Array.from(value);
  return pattern.some((items) => {
    // the places up to which the items so far can have taken the value
    let reached = [true, ...characters.map(() => false)];
    for (const item of items) reached = afterItem(item, characters, reached);
    return reached[characters.length] === true;
  });
}

function afterItem(
  { takes, least, most }: Item,
  characters: readonly string[],
  from: readonly boolean[],
): boolean[] {
  // how many starts are open at each place, counted by their beginnings and ends
  const steps = Array.from({ length: characters.length + 2 }, () => 0);
  let run = 0;
  for (let place = characters.length; place >= 0; place -= 1) {
    run = place < characters.length && takes(characters[place] ?? '') ? run + 1 : 0;
    if (from[place] !== true || run < least) continue;
    steps[place + least] = (steps[place + least] ?? 0) + 1;
    const end = place + Math.min(most, run) + 1;
    steps[end] = (steps[end] ?? 0) - 1;
  }
  let open = 0;
  return [0, ...characters].map((_, place) => {
    open += steps[place] ?? 0;
    return open > 0;
  });
}
