import { ownValue } from '../system/own-value.ts';
import {
  type Enforcement,
  type EnforcementRow,
  enforcementTable,
  exportFormats,
  playKube,
} from './enforcement.ts';

/** docs/export-losses.md: the table of what each format enforces, in Markdown. */
export function enforcementReference(): string {
  const columns = [...exportFormats, 'podman play kube 4.3'];
  const head = ['declaration', 'what ProdNG does', ...columns];
  const lines = [head, head.map(() => '---'), ...enforcementTable.map((row) => cells(row))];
  return `<!-- Made by \`npm run docs\` from src/export/enforcement.ts. Do not edit. -->

# What other engines enforce of a jail

\`prodng export\` prints these statuses for the jail at hand. A lost declaration fails the export unless
\`--accept-loss\` names it. "depends" is decided by what the jail declares.

${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}

Tested by \`test/export/engines.test.ts\`, which reads /proc and the control groups of a running container: the rows Command,
User, Root-Mapping, No-New-Privileges, Read-Only-Root, Capabilities, Syscalls, Memory, Cpu, Pids and Tmp of oci, quadlet
(its options, with podman 4.3; the generator itself needs podman 4.4) and podman play kube. The other cells follow the
documentation of the engines and have not been run: compose with docker, and Kubernetes.

## How, or why not

${enforcementTable.map(notes).join('\n\n')}
`;
}

function cells(row: EnforcementRow): string[] {
  const statuses = exportFormats.map((format) => statusOf(row.formats[format]));
  const other = ownValue(playKube, row.name);
  return [
    row.name,
    row.rule,
    ...statuses,
    other === undefined ? statusOf(row.formats.kubernetes) : other.status,
  ];
}

function statusOf(cell: EnforcementRow['formats']['oci']): string {
  return typeof cell === 'function' ? 'depends' : cell.status;
}

function notes({ name, formats }: EnforcementRow): string {
  const lines = exportFormats.flatMap((format) => note(format, formats[format]));
  const other = ownValue(playKube, name);
  return [
    `**${name}**`,
    '',
    ...lines,
    ...(other === undefined ? [] : note('podman play kube 4.3', other)),
  ].join('\n');
}

function note(format: string, cell: EnforcementRow['formats']['oci']): string[] {
  if (typeof cell === 'function') return [`- ${format}: depends on what is declared`];
  const { status, note: text }: Enforcement = cell;
  return [`- ${format}: ${status}: ${text}`];
}
