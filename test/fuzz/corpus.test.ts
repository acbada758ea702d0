import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fuzzTarget, readCorpus, tryInput } from './fuzz-target.ts';
import { targets } from './targets.ts';

describe.each(Object.keys(targets))('the parser of %s', (name) => {
  const target = targets[name];
  if (target === undefined) throw new Error(name);

  it('takes all that fuzzing has kept', async () => {
    const corpus = readCorpus(name);
    expect(corpus.length).toBeGreaterThan(0);
    for (const input of corpus) expect(await tryInput(target, input)).toBeUndefined();
  });
});

it('keeps a corpus for each target, and for nothing else', () => {
  expect(readdirSync('fixtures/fuzz').sort()).toEqual(Object.keys(targets).sort());
});

it('finds a fault that only coverage leads to, and nothing in a parser without one', async () => {
  const faulty = {
    words: ['A', 'B', 'C'],
    parse(data: Buffer) {
      if (data[0] === 0x41) if (data[1] === 0x42) if (data[2] === 0x43) throw new TypeError('found');
    },
  };
  const { findings, inputs } = await fuzzTarget(faulty, [Buffer.from('xxxx')], { seconds: 20, seed: 1 });
  expect(findings[0]?.why).toContain('found');
  expect(inputs).toBeGreaterThan(100);
  const sound = await fuzzTarget({ words: [], parse: () => {} }, [Buffer.from('x')], {
    seconds: 0.2,
    seed: 1,
  });
  expect(sound.findings).toEqual([]);
});
