// Fetches what standard input says, as a process of its own that a test can kill.
import { text } from 'node:stream/consumers';
import { openStore } from '../../src/store/store.ts';

const { folder, files, options } = JSON.parse(await text(process.stdin));
const store = await openStore({ cache: folder, state: folder, run: folder });
await store.fetchAll(files, options);
