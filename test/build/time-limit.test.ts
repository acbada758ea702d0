import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { withTimeLimit } from '../../src/build/jail/time-limit.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

it.each([
  ['alone', undefined],
  ['beside another signal', new AbortController().signal],
])('a time limit comes, %s, however much garbage is collected meanwhile', async (_, other) => {
  if (typeof collectGarbage !== 'function') throw new Error('no gc()');
  const signal = withTimeLimit(other, 300);
  const aborted = new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
  const collecting = setInterval(() => void collectGarbage(), 50);
  try {
    await aborted;
    expect(other?.aborted).not.toBe(true);
  } finally {
    clearInterval(collecting);
  }
});
