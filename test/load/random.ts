/** Numbers from 0 up to 1 that are the same for the same seed: a failure can be played again. Mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed that PRODNG_SEED says, or a new one. */
export function chooseSeed(): number {
  return Number(process.env.PRODNG_SEED ?? Math.floor(Math.random() * 2 ** 32));
}
