import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { Coverage } from './coverage.ts';
import { Dice, mutate } from './mutate.ts';
import type { Target } from './targets.ts';

export interface Finding {
  input: Buffer;
  why: string;
}

export interface FuzzResult {
  inputs: number;
  blocks: number;
  corpus: Buffer[];
  findings: Finding[];
}

/** Inputs between two looks at the coverage, which takes longer than they do. */
const batch = 32;
/** ms of work on one input: more is a finding, as a parser of 16 KiB needs less than one. */
const slow = 1000;
/** A target with so many findings has one fault more often than many faults. */
const mostFindings = 5;

export function corpusFolder(name: string): string {
  return join('fixtures/fuzz', name);
}

/** The inputs that are kept of a target. */
export function readCorpus(name: string): Buffer[] {
  const folder = corpusFolder(name);
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)));
}

/** Adds to what is kept what has reached something new. */
export function keepCorpus(name: string, corpus: readonly Buffer[]): void {
  mkdirSync(corpusFolder(name), { recursive: true });
  for (const input of corpus) {
    const digest = createHash('sha256').update(input).digest('hex').slice(0, 16);
    writeFileSync(join(corpusFolder(name), digest), input);
  }
}

/** Runs one input. @returns what is wrong with how the parser takes it */
export async function tryInput(target: Target, input: Buffer): Promise<string | undefined> {
  const { user, system } = process.cpuUsage();
  try {
    await target.parse(input);
  } catch (error) {
    if (!(error instanceof ProdngError))
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (error.code === 'INTERNAL') return error.message;
  }
  const used = process.cpuUsage({ user, system });
  const ms = (used.user + used.system) / 1000;
  return ms > slow ? `it takes ${Math.round(ms)} ms of CPU time` : undefined;
}

/** Mutates the corpus for some time, keeping each input that reaches code which none has reached. */
export async function fuzzTarget(
  target: Target,
  seeds: readonly Buffer[],
  { seconds, seed }: { seconds: number; seed: number },
): Promise<FuzzResult> {
  const coverage = new Coverage();
  const dice = new Dice(seed);
  const corpus: Buffer[] = [];
  const findings: Finding[] = [];
  let inputs = 0;
  const run = async (input: Buffer) => {
    inputs++;
    const why = await tryInput(target, input);
    if (why !== undefined) findings.push({ input, why });
  };
  try {
    for (const input of seeds) {
      await run(input);
      if (coverage.fresh() > 0) corpus.push(input);
    }
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end && findings.length < mostFindings) {
      const mutants = Array.from({ length: batch }, () => {
        const mutant = mutate(dice.pick(corpus) ?? Buffer.alloc(0), corpus, target.words, dice);
        return target.repair !== undefined && dice.roll(4) > 0 ? target.repair(mutant) : mutant;
      });
      for (const mutant of mutants) await run(mutant);
      // one of them has: the corpus takes all, and loses those that add nothing when it is kept
      if (coverage.fresh() > 0) corpus.push(...mutants);
    }
    return { inputs, blocks: coverage.blocks, corpus: await smallest(target, corpus), findings };
  } finally {
    coverage.close();
  }
}

/** Those of a corpus that, one after the other, reach something new. */
async function smallest(target: Target, corpus: readonly Buffer[]): Promise<Buffer[]> {
  const coverage = new Coverage();
  try {
    const kept: Buffer[] = [];
    for (const input of corpus.toSorted((a, b) => a.length - b.length)) {
      await tryInput(target, input);
      if (coverage.fresh() > 0) kept.push(input);
    }
    return kept;
  } finally {
    coverage.close();
  }
}
