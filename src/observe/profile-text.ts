import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Profile } from './profile.ts';

/** How many entries are made text before others get their turn. */
const slice = 512;

/** The text of a profile, JSON, in pieces. The event loop goes on between them: it may be of some megabytes. */
export async function* profileChunks(profile: Profile): AsyncGenerator<Buffer> {
  let opening = '{\n';
  for (const [key, value] of Object.entries(profile)) {
    yield Buffer.from(`${opening} ${JSON.stringify(key)}: `);
    opening = ',\n';
    if (Array.isArray(value)) yield* listChunks(value);
    else yield Buffer.from(JSON.stringify(value));
  }
  yield Buffer.from('\n}\n');
}

async function* listChunks(entries: readonly unknown[]): AsyncGenerator<Buffer> {
  yield Buffer.from('[');
  for (let start = 0; start < entries.length; start += slice) {
    if (start > 0) await nextTurn();
    const texts = entries.slice(start, start + slice).map((entry) => `\n  ${JSON.stringify(entry)}`);
    yield Buffer.from(`${start === 0 ? '' : ','}${texts.join(',')}`);
  }
  yield Buffer.from(entries.length === 0 ? ']' : '\n ]');
}
