import { createHash } from 'node:crypto';
import type { IndexEntry } from './index-entry.ts';

/** Stanzas of a block on average: small enough that one more package costs little, large enough to compress well. */
const average = 128;
const most = 4 * 2 ** 20;

/**
 * A Packages index in pieces that are compressed apart. Where a piece ends follows from the package's name alone, so
 * that a package more or less changes one piece.
 */
export function indexBlocks(entries: readonly IndexEntry[]): Buffer[] {
  const blocks: Buffer[] = [];
  let texts: string[] = [];
  let size = 0;
  const end = (): void => {
    if (texts.length > 0) blocks.push(Buffer.from(texts.join('')));
    texts = [];
    size = 0;
  };
  for (const { name, text } of entries) {
    texts.push(`${text}\n\n`);
    size += text.length;
    if (size > most || endsBlock(name)) end();
  }
  end();
  return blocks;
}

function endsBlock(name: string): boolean {
  return createHash('sha256').update(name).digest().readUInt16BE(0) % average === 0;
}
