import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { openDeb } from '../src/archive/deb-reader.ts';
import { withWorkFolder } from '../src/build/work-folder.ts';
import { parseDeb822 } from '../src/control/deb822.ts';
import { loadArchives } from '../src/store/archive-config.ts';
import { hostArchitecture } from '../src/system/architecture.ts';
import { prodngPaths } from '../src/system/paths.ts';
import { TrialBuilder } from '../src/verify/rebuild/trial-builder.ts';
import { variationNames } from '../src/verify/rebuild/variation-names.ts';
import { findVariations } from '../src/verify/rebuild/variations.ts';
import { fetchDebianSource } from '../test/support/debian-source.ts';

// Builds every template, and Debian packages of many build systems, then rebuilds each under all variations at once
// and compares every .deb. `npm run rebuilds [NAME...]` writes its rows to docs/rebuilds.md as they come, and leaves
// the others; it fails when a template is not bit-identical.

const debianSources: Readonly<Record<string, string>> = {
  hello: 'autotools',
  bc: 'autotools',
  figlet: 'plain make',
  cowsay: 'plain files',
  tree: 'plain make',
  'json-c': 'cmake',
  libslirp: 'meson',
  'libyaml-perl': 'perl, Makefile.PL',
  jinja2: 'python',
  'lua5.4': 'make with libtool',
};

interface Outcome {
  name: string;
  kind: string;
  result: string;
  seconds: number;
}

const document = 'docs/rebuilds.md';
const scratch = await mkdtemp('/var/tmp/prodng-rebuilds-');
const host = await findVariations();
let isBad = false;
try {
  const templates = (await readdir('templates')).sort();
  const wanted = process.argv.slice(2);
  const all = [
    ...templates.map((name) => ({ name, kind: 'template' })),
    ...Object.entries(debianSources).map(([name, kind]) => ({ name, kind })),
  ];
  const chosen = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (chosen.length === 0) throw new Error(`there are: ${all.map(({ name }) => name).join(', ')}`);
  for (const { name, kind } of chosen) {
    process.stderr.write(`rebuilds: ${name}\n`);
    const outcome = await rebuilt(name, kind);
    process.stdout.write(row(outcome));
    await addRow(
      outcome,
      all.map((each) => each.name),
    );
    if (kind === 'template' && !outcome.result.startsWith('bit-identical')) isBad = true;
  }
} finally {
  await rm(scratch, { recursive: true });
}
if (isBad) process.exitCode = 1;

async function rebuilt(name: string, kind: string): Promise<Outcome> {
  const began = performance.now();
  const isTemplate = kind === 'template';
  const source = isTemplate
    ? join(scratch, `t-${name}`)
    : await fetchDebianSource(name, join(scratch, `s-${name}`));
  if (isTemplate) await prodng('new', name, source);
  const output = join(scratch, `out-${name}`);
  const built = await prodng('build', ...(isTemplate ? [] : ['--plain']), source, '--output', output);
  const debs = built.status === 0 ? await debsIn(output) : [];
  const result = debs.length === 0 ? lineOf(built.stderr) : await compared(debs, source, isTemplate);
  return { name, kind, result, seconds: (performance.now() - began) / 1000 };
}

/** Rebuilds once for all .debs; a second time, by `prodng verify`, only where the cause is to be found. */
async function compared(debs: readonly string[], source: string, isTemplate: boolean): Promise<string> {
  const paths = prodngPaths();
  const archives = await loadArchives({ architecture: hostArchitecture(), env: process.env });
  const [first = ''] = debs;
  const facts = await factsOf(first, isTemplate);
  return await withWorkFolder(paths, async (work) => {
    const builder = new TrialBuilder({ source, ...facts }, host, { paths, archives }, work);
    const { deb, failure } = await builder.build(variationNames);
    if (deb === undefined) return failure?.split('\n')[0] ?? 'it does not build';
    const other: string[] = [];
    for (const each of debs) {
      const again = join(dirname(deb), basename(each));
      if ((await sha256(again)) !== (await sha256(each)))
        other.push(`${basename(each)}: ${await cause(each, source)}`);
    }
    return other.length === 0 ? `bit-identical (${debs.length})` : other.join('; ');
  });
}

async function factsOf(deb: string, isTemplate: boolean) {
  const reader = await openDeb(deb);
  try {
    const [control] = parseDeb822(await reader.control(), deb);
    const field = (name: string): string => control?.get(name) ?? '';
    const facts = { name: field('Package'), version: field('Version'), architecture: field('Architecture') };
    if (!isTemplate) return facts;
    for await (const { entry, content } of reader.data()) {
      if (!entry.path.endsWith('/jail.lock')) continue;
      const pieces: Uint8Array[] = [];
      for await (const piece of content) pieces.push(piece);
      return { ...facts, lockText: Buffer.concat(pieces).toString() };
    }
    throw new Error(`${deb}: no lock`);
  } finally {
    await reader.close();
  }
}

async function cause(deb: string, source: string): Promise<string> {
  const { stdout, stderr } = await prodng('verify', deb, '--rebuild', '--source', source, '--json');
  if (stdout.trim() === '') return lineOf(stderr);
  const { checks } = JSON.parse(stdout) as { checks: { id: string; message: string; findings?: string[] }[] };
  const check = checks.find(({ id }) => id === 'rebuild');
  return check?.findings?.[0] ?? check?.message ?? 'not checked';
}

async function debsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.deb')).sort();
  return names.map((name) => join(folder, name));
}

async function sha256(path: string): Promise<string> {
  return await readFile(path).then(
    (bytes) => createHash('sha256').update(bytes).digest('hex'),
    () => 'missing',
  );
}

function lineOf(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return lines.find((line) => line.startsWith('prodng: ')) ?? lines.at(-1) ?? 'nothing was said';
}

function prodng(...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(resolve('bin/prodng'), argv, { maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

function row({ name, kind, result, seconds }: Outcome): string {
  return `| ${name} | ${kind} | ${result.replaceAll('|', '/')} | ${seconds.toFixed(0)} |\n`;
}

/** Puts a row in the place of the one that bears its name, in the order of all names. */
async function addRow(outcome: Outcome, names: readonly string[]): Promise<void> {
  const before = await readFile(document, 'utf8').catch(() => '');
  const rows = new Map(
    [...before.matchAll(/^\| (\S+) \| [^|]+ \| [^|]+ \| \d+ \|$/gm)].map(([line, name = '']) => [
      name,
      `${line}\n`,
    ]),
  );
  rows.set(outcome.name, row(outcome));
  const table = names.flatMap((name) => rows.get(name) ?? []);
  await writeFile(document, `${heading()}${table.join('')}`);
}

function heading(): string {
  const without = [...host.unavailable].map(([name, reason]) => `\nNot varied: ${name}, ${reason}.\n`);
  return `# Rebuilds

Written by \`npm run rebuilds\`, last on ${new Date().toISOString().slice(0, 10)}. Every source is built once, then rebuilt under all variations of
\`prodng verify --rebuild\` at once: ${variationNames.join(', ')}. Every .deb
that a source makes is compared. Where bytes differ, the variation that causes it is named.
${without.join('')}
| source | build system | rebuild | seconds |
|---|---|---|---:|
`;
}
