import type { Attempt } from './attempts.ts';

export interface Column {
  title: string;
  attempts: readonly Attempt[];
  /** Attempts that the declaration allows. */
  allowed: readonly string[];
}

/**
 * The table of all attempts, as docs/escape-suite.md shows it.
 *
 * @param hosts how it went on each kind of host; the cells are of the one that makes the report
 */
export function escapeReport(bare: Column, jails: readonly Column[], hosts: readonly TestedHost[]): string {
  const columns = [bare, ...jails];
  const what = new Map(columns.flatMap(({ attempts }) => attempts.map((each) => [each.id, each.what])));
  const head = [
    'attempt',
    'what it tries',
    ...columns.map((_, index) => (index === 0 ? 'runc spec' : String(index))),
  ];
  const rows = [...what].map(([id, text]) => [
    `\`${id}\``,
    text,
    ...columns.map((column) => cell(column, id)),
  ]);
  return `# Escape suite

<!-- Made by scripts/escape. Do not edit. -->

A hostile program, built by \`prodng build\` into a jail like any other, tries ${what.size} things from inside: to get out, to
reach the host or a neighbour, to take more than its share, or to use a part of the kernel that a service has no need of.
Each attempt runs in a process of its own and reports what stood in its way; one that could not be tried is a failure
as well. The host is looked at from outside before and after: mounts, links, control groups, processes, sysctls,
devices, and files, sockets, shared memory and a process laid out for it. One success fails the suite.

The first column proves that the suite can find something: the same program in the container that \`runc spec\` describes,
with a folder and a tmpfs mounted as people do. Not each **success** there is a hole in the host; each is something
that a jail does without.

| column | declares | ${hosts.map(({ host }) => `succeeded on ${host}`).join(' | ')} |
|---|---|${hosts.map(() => '---').join('|')}|
${columns.map((column, index) => row([index === 0 ? 'runc spec' : String(index), column.title, ...hosts.map(({ succeeded }) => succeeded[index] ?? 'not tried')])).join('\n')}

A cell says by what an attempt was prevented: an errno, a limit, or what was found instead. *Declared* is what that jail
may do as its author asked for it; – was not tried, as it needs a volume or a macvlan. The cells are of the first host; on the
second, scripts/test-vm test/escape tries the same. Linux before 6.3 has no limit for programs executed from memory: on such a
host \`memfd-execute\` counts as declared, and what it executes has the rights of the jail and no more.

${row(head)}
${row(head.map(() => '---'))}
${rows.map(row).join('\n')}
`;
}

/** How the suite went on a kind of host: succeeded of tried, a column each, runc spec first. */
export interface TestedHost {
  host: string;
  succeeded: string[];
}

export function testedHost(host: string, columns: readonly Column[]): TestedHost {
  const succeeded = columns.map((column) => `${successes(column).length} of ${column.attempts.length}`);
  return { host, succeeded };
}

/** What ought to have been prevented and was not. */
export function successes({ attempts, allowed }: Column): Attempt[] {
  return attempts.filter(({ id, outcome }) => outcome === 'succeeded' && !allowed.includes(id));
}

function cell({ attempts, allowed }: Column, id: string): string {
  const attempt = attempts.find((each) => each.id === id);
  if (attempt === undefined) return '–';
  if (attempt.outcome === 'prevented') return steady(attempt.by);
  if (attempt.outcome === 'unsupported') return 'not on this host';
  return allowed.includes(id) ? '*declared*' : '**success**';
}

/** Numbers differ from run to run. */
function steady(by: string): string {
  return by.replace(/ (?:after|is) \d.*/, '').replace(/^\d+ %/, 'a share');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
