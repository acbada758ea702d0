// Bundles the CLI: CommonJS chunks, which Node loads a third faster than modules, and V8's code cache for each.
// src/cli/loader.ts loads both. Usage: bundle.mjs [FOLDER], default dist
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const began = Date.now();
const folder = process.argv[2] ?? 'dist';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const mute = ['INEFFECTIVE_DYNAMIC_IMPORT', 'EVAL'];

/** What always loads together, so that it is one file. A group takes along what its modules import. */
const groups = [
  {
    name: 'start',
    test: /src\/(cli\/(main|terminal\/(print|format))|error\/prodng-error|system\/paths)\.ts$|\/commander\//,
    priority: 3,
  },
  { name: 'lock', test: /src\/lock\/(lock-parser|staleness)\.ts$/, priority: 1 },
  { name: 'control', test: /src\/control\/jail-source\.ts$/, priority: 2 },
  {
    name: 'lint-source',
    test: /src\/(cli\/verbs\/lint|lint\/(lint|outcome|read-source|report\/(report|text-report)))\.ts$/,
    priority: 1,
  },
  { name: 'client', test: /src\/(agent\/client|cli\/terminal\/(agent-client|output))\.ts$/, priority: 2 },
  { name: 'run', test: /src\/(cli\/verbs\/run|jail\/lifecycle\/run-jail)\.ts$/, priority: 1 },
];

mkdirSync(folder, { recursive: true });
const chunks = await bundle(
  { input: { main: 'src/cli/main.ts' }, plugins: [{ name: 'lazy-child-process', resolveId, load }] },
  { entryFileNames: '[name]-[hash].cjs', codeSplitting: { groups } },
);
const main = chunks.find(({ isEntry }) => isEntry).fileName;
// as the loader runs it: to put it together at each start would take memory that is otherwise enough without a collection
for (const { fileName, code } of chunks)
  writeFileSync(join(folder, fileName), `(function(exports,require,module,__filename,__dirname){${code}\n})`);
await bundle({ input: { prodng: 'src/cli/loader.ts' }, define: { __PRODNG_MAIN__: JSON.stringify(main) } });
// what standard error is, and the environment, change which of Node's own modules are loaded, and so the bytes
execFileSync(process.execPath, ['--random-seed=1', 'scripts/code-cache.cjs', folder], {
  stdio: ['ignore', 'ignore', 'pipe'],
  env: {},
});

// `import { Jail } from 'prodng/runtime'`
await bundle(
  { input: { runtime: 'src/jail/jail.ts' } },
  { format: 'esm', minify: false, entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
);

async function bundle({ define, ...input }, output) {
  const built = await rolldown({
    platform: 'node',
    // koffi carries its native library in its package folder
    external: ['koffi'],
    transform: { target: 'node20', define: { __PRODNG_VERSION__: JSON.stringify(version), ...define } },
    onLog: (level, log, defaultHandler) => mute.includes(log.code) || defaultHandler(level, log),
    ...input,
  });
  const written = await built.write({
    dir: folder,
    format: 'cjs',
    // names are kept: they are what a report of a fault shows
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    ...output,
  });
  await built.close();
  return written.output;
}

/** commander wants child_process, with all of Node's sockets, for subcommands that are programs; we have none. */
function resolveId(id, importer) {
  return id === 'node:child_process' && /\/commander\//.test(importer ?? '')
    ? '\0no-child-process'
    : undefined;
}
function load(id) {
  return id === '\0no-child-process' ? 'export {}' : undefined;
}

// A prodng that runs meanwhile still loads the chunks it was built with; nobody does an hour later.
for (const name of readdirSync(folder)) {
  const path = join(folder, name);
  if (name === 'types') continue;
  if (statSync(path).mtimeMs < began - 3_600_000) rmSync(path);
}
