import { resolve } from 'node:path';
import { withWorkFolder } from '../../build/work-folder.ts';
import { readJailSource } from '../../control/jail-source.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { run } from '../../system/process.ts';
import { type Progress, silent } from '../../system/progress.ts';
import { diffTrees } from '../diff/diff.ts';
import type { TreeDiff } from '../diff/tree-diff.ts';
import { memberDifferences, timeDifferences } from './byte-differences.ts';
import { type Cause, findCause } from './find-cause.ts';
import { type RebuildSource, type Trial, TrialBuilder, type TrialOptions } from './trial-builder.ts';
import { type VariationName, variationNames } from './variation-names.ts';
import { findVariations, type VariationHost } from './variations.ts';

export interface RebuildOptions extends TrialOptions {
  /** What to vary (default: all that this host can). */
  variations?: readonly VariationName[];
  /** Whether diffoscope is to say what differs, too. */
  diffoscope?: boolean;
  progress?: Progress;
}

/** What came of a rebuild. */
export interface RebuildReport {
  isIdentical: boolean;
  /** What was varied, all at once. */
  varied: VariationName[];
  /** What was wanted and could not be varied on this host: no pass is claimed for these. */
  unavailable: { variation: VariationName; reason: string }[];
  /** How many builds it took. */
  builds: number;
  rebuiltSha256?: string;
  /** When it differs. */
  cause?: Cause;
  /** Which bytes: of the members, and times in the archive. */
  bytes?: string[];
  /** Which files, and what differs in them. */
  diff?: TreeDiff;
  diffoscope?: string;
  /** Why there is nothing to compare: the end of the build's log. */
  failure?: string;
}

/**
 * Rebuilds a .deb from its source with everything varied that should not matter, and compares the bytes. When they
 * differ, says where, and finds the variation that makes them.
 *
 * @param unsignedSha256 of the .deb, without its signatures
 * @throws ProdngError of every step of a build but BUILD_FAILED; NOT_A_JAIL_SOURCE and USAGE when the source of a jail is
 *   none, or another's
 */
export async function rebuildDeb(
  deb: string,
  unsignedSha256: string,
  what: RebuildSource,
  options: RebuildOptions,
): Promise<RebuildReport> {
  if (what.lockText !== undefined) await refuseOtherSource(what);
  const host = await findVariations();
  const wanted = options.variations ?? variationNames;
  const varied = wanted.filter((name) => !host.unavailable.has(name));
  return await withWorkFolder(options.paths, async (work) => {
    const { progress: _, ...silently } = options;
    const builder = new TrialBuilder(what, host, silently, work);
    const rebuild = new Rebuild(deb, unsignedSha256, builder, host, options);
    return await rebuild.run(varied, wanted);
  });
}

/** A wrong folder is told at once, not after a build. */
async function refuseOtherSource({ source, name, version }: RebuildSource): Promise<void> {
  const { packageName, version: sourceVersion } = await readJailSource(source);
  if (packageName === name && sourceVersion === version) return;
  throw new ProdngError('USAGE', `${source}: makes ${packageName} ${sourceVersion}, not ${name} ${version}`, {
    hint: 'give --source the folder that the .deb was built from',
  });
}

class Rebuild {
  readonly #deb: string;
  readonly #wanted: string;
  readonly #builder: TrialBuilder;
  readonly #host: VariationHost;
  readonly #options: RebuildOptions;
  #builds = 0;

  constructor(
    deb: string,
    wanted: string,
    builder: TrialBuilder,
    host: VariationHost,
    options: RebuildOptions,
  ) {
    this.#deb = deb;
    this.#wanted = wanted;
    this.#builder = builder;
    this.#host = host;
    this.#options = options;
  }

  async run(varied: VariationName[], wanted: readonly VariationName[]): Promise<RebuildReport> {
    const trial = await this.#build(varied);
    const isIdentical = trial.outcome === this.#wanted;
    const unavailable = wanted.flatMap((variation) => {
      const reason = this.#host.unavailable.get(variation);
      return reason === undefined ? [] : [{ variation, reason }];
    });
    const found = isIdentical
      ? {}
      : { ...(await this.#compare(trial)), cause: await this.#findCause(varied) };
    return {
      isIdentical,
      varied,
      unavailable,
      builds: this.#builds,
      ...(trial.deb === undefined ? {} : { rebuiltSha256: trial.outcome }),
      ...found,
    };
  }

  async #build(names: readonly VariationName[], frozenAt?: string): Promise<Trial> {
    this.#builds += 1;
    const text = names.length === 0 ? 'nothing varied' : `${names.join(', ')} varied`;
    const clock = frozenAt === undefined ? '' : ', the clock held';
    (this.#options.progress ?? silent).step(`Rebuilding with ${text}${clock}`);
    return await this.#builder.build(names, frozenAt);
  }

  async #findCause(varied: readonly VariationName[]): Promise<Cause> {
    const build = async (names: readonly VariationName[], frozenAt?: string): Promise<string> =>
      (await this.#build(names, frozenAt)).outcome;
    return await findCause(this.#wanted, varied, build, this.#host.faketime !== undefined);
  }

  async #compare({
    deb,
    failure,
  }: Trial): Promise<Pick<RebuildReport, 'bytes' | 'diff' | 'diffoscope' | 'failure'>> {
    if (deb === undefined) return { failure: failure ?? 'the build failed' };
    return {
      bytes: [...(await memberDifferences(this.#deb, deb)), ...(await timeDifferences(this.#deb, deb))],
      diff: await diffTrees(this.#deb, deb),
      ...(this.#options.diffoscope === true ? { diffoscope: await diffoscope(this.#deb, deb) } : {}),
    };
  }
}

async function diffoscope(old: string, now: string): Promise<string> {
  const argv = ['diffoscope', '--no-progress', '--text', '-', '--', resolve(old), resolve(now)] as const;
  const { stdout } = await run([...argv], {
    accept: [0, 1],
    hint: 'run: apt-get install diffoscope-minimal',
  });
  return stdout;
}
