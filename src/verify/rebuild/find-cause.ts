import type { VariationName } from './variation-names.ts';

/**
 * Builds once with some variations and says what came out: equal texts mean equal bytes, and a build that fails comes
 * out as a text of its own.
 *
 * @param frozenAt a date at which the clock is frozen; then `clock` must not be among the names
 */
export type TrialBuild = (names: readonly VariationName[], frozenAt?: string) => Promise<string>;

/** Why a rebuild differs. */
export interface Cause {
  /** Each of these is enough; or, when `isTogether`, all of them are needed. */
  variations: VariationName[];
  isTogether: boolean;
  /** A sentence. */
  explanation: string;
}

const dates = ['2031-05-06 07:08:09', '2033-10-11 12:13:14'] as const;

/**
 * Finds which variations change what is built, by switching them on one at a time.
 *
 * Where the rebuild differs without any of them, the clock may be the reason, since it moves between two
 * builds. With the clock held, what is left must come out the same twice; the others are then tried against that.
 *
 * @param wanted what the rebuild was to come out as
 * @param varied with all of these it came out otherwise
 * @param canFreeze whether the clock of a build can be held
 */
export async function findCause(
  wanted: string,
  varied: readonly VariationName[],
  build: TrialBuild,
  canFreeze: boolean,
): Promise<Cause> {
  if ((await build([])) === wanted) return await tryEach(wanted, varied, (names) => build(names));
  if (!canFreeze)
    return none('it differs without any variation: by the time of day, by chance, or it is another source');
  const [first, second] = dates;
  const held = await build([], first);
  if ((await build([], first)) !== held)
    return none('it comes out otherwise each time, without any variation and with the clock held: by chance');
  const others = varied.filter((name) => name !== 'clock');
  const causes: VariationName[] = (await build([], second)) === held ? [] : ['clock'];
  for (const name of others) if ((await build([name], first)) !== held) causes.push(name);
  if (causes.includes('clock')) return each(causes);
  const why =
    'it differs without any variation, and comes out the same each time: it was made of something else';
  return causes.length === 0
    ? none(why)
    : { ...each(causes), explanation: `${why}; besides, ${each(causes).explanation}` };
}

async function tryEach(
  wanted: string,
  varied: readonly VariationName[],
  build: (names: readonly VariationName[]) => Promise<string>,
): Promise<Cause> {
  const causes: VariationName[] = [];
  for (const name of varied) if ((await build([name])) !== wanted) causes.push(name);
  if (causes.length > 0) return each(causes);
  const needed: VariationName[] = [];
  for (const name of varied)
    if ((await build(varied.filter((other) => other !== name))) === wanted) needed.push(name);
  if (needed.length === 0) return none('it differs only under several variations at once');
  return {
    variations: needed,
    isTogether: true,
    explanation: `it depends on ${needed.join(' and ')} together`,
  };
}

function each(variations: VariationName[]): Cause {
  return { variations, isTogether: false, explanation: `it depends on ${variations.join(', ')}` };
}

function none(explanation: string): Cause {
  return { variations: [], isTogether: false, explanation };
}
