import { npmRegistry } from '../../../src/build/inputs/npm-registry.ts';

// Asks for the places of a tarball as a build does; run in a source's folder.
const sources = npmRegistry();
const tarball = { name: '@team/greet', version: '1.0.3', sha512: '' };
process.stdout.write(JSON.stringify(await sources(tarball)));
