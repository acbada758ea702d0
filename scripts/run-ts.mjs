// Runs a TypeScript file of this repository: node scripts/run-ts.mjs FILE [ARGUMENT...]. Node 20 loads no TypeScript.
import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const [file, ...args] = process.argv.slice(2);
const outdir = resolve(import.meta.dirname, '../node_modules/.cache/run-ts');
mkdirSync(outdir, { recursive: true });
// A file of its own for each run, which goes as soon as it is loaded: several runs at once must not read each other's.
const outfile = resolve(outdir, `${basename(file, '.ts')}-${process.pid}.mjs`);
const removeItself = `import{unlinkSync as $rm}from'node:fs';$rm(${JSON.stringify(outfile)});`;
const bundle = await rolldown({
  input: resolve(file),
  platform: 'node',
  // packages are loaded from node_modules
  external: /^[^./]/,
  transform: { target: 'node20' },
});
await bundle.write({
  file: outfile,
  format: 'esm',
  sourcemap: 'inline',
  codeSplitting: false,
  postBanner: removeItself,
});
await bundle.close();
process.argv = [process.argv[0], file, ...args];
await import(pathToFileURL(outfile).href);
