import { debFaults } from './deb-faults.ts';
import { sourceFaults } from './source-faults.ts';

/** docs/lint-faults.md: every fault that the tests seed, and the tag that catches it. */
export function faultTable(): string {
  const sources = sourceFaults.map(({ tag, fields, files }) => {
    const what = fields ?? Object.keys(files ?? {}).join(', ');
    return row('source', what.replaceAll('\n', ' / '), tag);
  });
  const debs = debFaults.map(({ tag, name }) => row('.deb', name, tag));
  return `# Faults that prodng lint is tried on

<!-- Made by \`npm run docs\` from test/lint/mutations/. Do not edit. -->

The tests seed each of these ${sources.length + debs.length} faults, one at a time, into sound jails: those of sources into the
source of every template, those of .debs into jails that were built from templates. Each is caught by the tag beside it.
The sound ones have no error and no warning.

| seeded into | fault | tag |
|---|---|---|
${[...sources, ...debs].join('\n')}
`;
}

function row(where: string, what: string, tag: string): string {
  return `| ${where} | ${what.replaceAll('|', '\\|').replace(/[*_<>]/g, '\\$&')} | [\`${tag}\`](lint-tags.md#${tag}) |`;
}
