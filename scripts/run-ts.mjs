// Runs a TypeScript file of this repository: node scripts/run-ts.mjs FILE [ARGUMENT...]. Node 20 loads no TypeScript.
import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [file, ...args] = process.argv.slice(2);
const outdir = resolve(import.meta.dirname, '../node_modules/.cache/run-ts');
mkdirSync(outdir, { recursive: true });
// A file of its own for each run, which goes as soon as it is loaded: several runs at once must not read each other's.
const outfile = resolve(outdir, `${basename(file, '.ts')}-${process.pid}.mjs`);
const removeItself = `import{unlinkSync as $rm}from'node:fs';$rm(${JSON.stringify(outfile)});`;
await build({
  entryPoints: [file],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
  banner: { js: removeItself },
});
process.argv = [process.argv[0], file, ...args];
await import(pathToFileURL(outfile).href);
