import { expect, it } from 'vitest';
import { Background } from '../../src/agent/supervision/background.ts';

it('reports a failure once until the work has succeeded again, and never throws', async () => {
  const told: unknown[] = [];
  const append = async (kind: string, jail?: string, detail?: object) => {
    told.push([kind, jail, detail]);
    // a log that cannot be written is no reason to end either
    throw new Error('disk full');
  };
  const background = new Background({ append }, 'web');
  const fail = (reason: string) => () => Promise.reject(new Error(reason));
  const works = [fail('gone'), fail('gone'), fail('busy'), () => {}, fail('busy')];
  for (const work of works) await background.run(work);
  expect(told).toEqual(['gone', 'busy', 'busy'].map((reason) => ['fault', 'web', { reason }]));
  const synchronous = () => {
    throw new Error('at once');
  };
  await expect(background.run(synchronous)).resolves.toBeUndefined();
});
