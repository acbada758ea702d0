/** Random numbers that a seed repeats (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to but not including `below`. */
  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  pick<T>(from: readonly [T, ...T[]]): T;
  pick<T>(from: readonly T[]): T | undefined;
  pick<T>(from: readonly T[]): T | undefined {
    return from[this.roll(from.length)];
  }
}

const interesting = [0, 1, 0x0a, 0x20, 0x2e, 0x2f, 0x30, 0x37, 0x7f, 0x80, 0xc0, 0xff] as const;

/** Longer inputs find little more, and slowly. */
export const longestInput = 16_384;

/**
 * Changes an input in one to eight places.
 *
 * @param others the corpus, to cross with
 * @param words what the format is made of
 */
export function mutate(
  input: Buffer,
  others: readonly Buffer[],
  words: readonly string[],
  dice: Dice,
): Buffer {
  let data = Buffer.from(input);
  for (let times = 1 + dice.roll(8); times > 0; times--) data = change(data, others, words, dice);
  return data.subarray(0, longestInput);
}

function change(
  data: Buffer,
  others: readonly Buffer[],
  words: readonly string[],
  dice: Dice,
): Buffer<ArrayBuffer> {
  const at = dice.roll(data.length + 1);
  const length = 1 + dice.roll(Math.max(1, Math.min(64, data.length - at)));
  const insert = (what: Uint8Array) => Buffer.concat([data.subarray(0, at), what, data.subarray(at)]);
  const replace = (what: Uint8Array) =>
    Buffer.concat([data.subarray(0, at), what, data.subarray(at + what.length)]);
  switch (dice.roll(8)) {
    case 0:
      return replace(Buffer.from([dice.pick([...interesting])]));
    case 1:
      return replace(Buffer.from([(data[at] ?? 0) ^ (1 << dice.roll(8))]));
    case 2:
      return Buffer.concat([data.subarray(0, at), data.subarray(at + length)]);
    case 3:
      return insert(data.subarray(at, at + length));
    case 4:
      return insert(Buffer.from([dice.roll(256)]));
    case 5: {
      const word = dice.pick(words);
      return word === undefined ? insert(Buffer.alloc(length)) : insert(Buffer.from(word, 'latin1'));
    }
    case 6: {
      const other = dice.pick(others) ?? data;
      const from = dice.roll(other.length + 1);
      return Buffer.concat([data.subarray(0, at), other.subarray(from)]);
    }
    default: {
      const word = dice.pick(words);
      return replace(word === undefined ? Buffer.alloc(length, 0xff) : Buffer.from(word, 'latin1'));
    }
  }
}
