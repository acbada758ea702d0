import { writeFile } from 'node:fs/promises';
import { agentBench } from './agent.ts';
import { assembleBench } from './assemble.ts';
import type { Bench, BenchRow } from './bench.ts';
import { buildBench } from './build.ts';
import { diffBench } from './diff.ts';
import { lintBench } from './lint.ts';
import { measuredOn } from './measured-on.ts';
import { observeBench } from './observe.ts';
import { peersBench } from './peers.ts';
import { publishBench } from './publish.ts';
import { runBench } from './run.ts';
import { startBench } from './start.ts';
import { throwawayBench } from './throwaway.ts';
import { unpackBench } from './unpack.ts';

// Node reads this file at every start, 30 ms, where it is set: not ours to measure
delete process.env.NODE_EXTRA_CA_CERTS;

const benches: Bench[] = [
  startBench,
  assembleBench,
  unpackBench,
  buildBench,
  throwawayBench,
  runBench,
  agentBench,
  observeBench,
  peersBench,
  lintBench,
  diffBench,
  publishBench,
];

const wanted = process.argv.slice(2);
const chosen = wanted.length === 0 ? benches : benches.filter(({ name }) => wanted.includes(name));
if (chosen.length === 0) {
  console.error(`bench: no such bench; there are: ${benches.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const sections: string[] = [];
for (const bench of chosen) {
  console.error(`bench: ${bench.name}`);
  const section = formatSection(bench, await bench.run());
  console.log(section);
  sections.push(section);
}
if (wanted.length === 0) await writeFile('bench/RESULTS.md', `${heading()}\n${sections.join('\n')}`);

function heading(): string {
  return [
    '# Bench results',
    '',
    `Written by \`npm run bench\` on ${measuredOn()}.`,
    'Medians; ours and the peer in turn, in one run. Ratios matter, absolute figures are of one machine on one day.',
    '',
  ].join('\n');
}

function formatSection(bench: Bench, rows: BenchRow[]): string {
  const lines = [`## ${bench.name}`, ''];
  if (bench.note !== undefined) lines.push(bench.note, '');
  lines.push('| what | ours | peer | theirs | ratio |', '|---|---:|---|---:|---:|');
  for (const { what, ours, peer, theirs, unit } of rows) {
    const ratio = (ours / theirs).toFixed(2);
    lines.push(`| ${what} | ${figure(ours)} ${unit} | ${peer} | ${figure(theirs)} ${unit} | ${ratio} |`);
  }
  return `${lines.join('\n')}\n`;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
