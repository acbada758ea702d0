/** Begins to unpack to ARGV[2] and is killed in the middle of a file, folders made and all. */
import type { TarItem } from '../../../src/archive/entry.ts';
import { extractTar } from '../../../src/archive/extract.ts';
import { entryOf } from '../sample.ts';

async function* content(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(1000, 'x');
  process.kill(process.pid, 'SIGKILL');
}

async function* items(): AsyncGenerator<TarItem> {
  yield { entry: entryOf('a', { type: 'directory', mode: 0o500 }), contentOffset: 0, content: content() };
  yield { entry: entryOf('a/b/c', { size: 2000 }), contentOffset: 0, content: content() };
}

await extractTar(items(), process.argv[2] ?? '');
