import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { singleZstdFrame } from '../../src/archive/zstd-frame.ts';

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < bytes.length; done += size) yield bytes.subarray(done, done + size);
}

async function passed(bytes: Buffer, size: number): Promise<Buffer> {
  const pieces = [];
  for await (const piece of singleZstdFrame(chunks(bytes, size))) pieces.push(piece);
  return Buffer.concat(pieces);
}

const plains = [Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(300_000), randomBytes(300_000)];
const options = [
  ['-1'],
  ['-19', '--no-check'],
  ['--ultra', '-22', '--long=27'],
  ['-3', '-T2', '--no-content-size'],
];

describe('one zstd frame', () => {
  it('passes unchanged, as zstd makes it of zeros, noise and nothing, in chunks of any size', async () => {
    for (const input of plains) {
      for (const args of options) {
        const frame = execFileSync('zstd', ['-c', ...args], { input });
        for (const size of [1, 7, 131_075, 1_000_000]) {
          expect((await passed(frame, size)).equals(frame)).toBe(true);
        }
      }
    }
  });

  it('is refused when it is cut anywhere or followed by anything', async () => {
    const frame = execFileSync('zstd', ['-c'], { input: 'some text' });
    for (let cut = 0; cut < frame.length; cut++) {
      await expect(passed(frame.subarray(0, cut), 3)).rejects.toMatchObject({ code: 'COMPRESSION' });
    }
    await expect(passed(Buffer.concat([frame, Buffer.alloc(1)]), 3)).rejects.toThrow(
      'data after the zstd frame',
    );
  });
});
