import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compressBlock } from '../../src/archive/xz-block.ts';
import { cutBlock, encodeXzEnd, xzHeader } from '../../src/archive/xz-format.ts';

function xz(args: string[], input: Buffer): Buffer {
  return execFileSync('xz', args, { input, maxBuffer: 2 ** 28 });
}

describe('a block', () => {
  it.each([1, 3, 4, 5, 127, 128, 65_535, 65_536, 300_001])(
    'of %d bytes makes streams that xz reads',
    async (size) => {
      const plain = randomBytes(size);
      const { bytes, record } = await compressBlock(plain);
      expect(bytes.length % 4).toBe(0);
      for (const count of [1, 2, 130]) {
        const blocks = Array.from({ length: count }, () => bytes);
        const stream = Buffer.concat([xzHeader, ...blocks, encodeXzEnd(blocks.map(() => record))]);
        expect(xz(['-dc', '--format=xz'], stream).equals(Buffer.concat(blocks.map(() => plain)))).toBe(true);
      }
    },
  );

  it('is cut out of nothing but a stream of one block with the check that we write', () => {
    const plain = randomBytes(5000);
    const one = xz(['-c', '--check=crc32'], plain);
    expect(cutBlock(one, plain.length).record.plainSize).toBe(plain.length);
    const damaged = Buffer.from(one);
    damaged[one.length - 14] = (damaged[one.length - 14] ?? 0) ^ 1;
    const others: [Buffer, number][] = [
      [xz(['-c', '--check=crc64'], plain), plain.length],
      [xz(['-c', '--check=crc32', '--block-size=2500'], plain), plain.length],
      [xz(['-c', '--check=crc32'], Buffer.alloc(0)), 0],
      [Buffer.concat([one, one]), plain.length],
      [one, plain.length + 1],
      [damaged, plain.length],
      ...[0, 11, 12, 20, 24, one.length - 4].map((cut): [Buffer, number] => [
        one.subarray(0, cut),
        plain.length,
      ]),
    ];
    for (const [stream, size] of others) {
      expect(() => cutBlock(stream, size)).toThrow(/xz wrote an unexpected (header|index)/);
    }
  });
});
