import { compressBlock } from '../../src/archive/xz-block.ts';
import { encodeXzEnd, xzHeader } from '../../src/archive/xz-format.ts';

/** An xz stream that says the block `count` times, compressed once: large archives in no time. */
export async function repeatedXz(
  before: Buffer,
  block: Buffer,
  count: number,
  after: Buffer,
): Promise<Buffer> {
  const repeated = await compressBlock(block);
  const blocks = [await compressBlock(before), ...Array.from({ length: count }, () => repeated)];
  blocks.push(await compressBlock(after));
  const end = encodeXzEnd(blocks.map(({ record }) => record));
  return Buffer.concat([xzHeader, ...blocks.map(({ bytes }) => bytes), end]);
}
