import { formatArgv } from '../../control/argv.ts';
import { capabilityNames } from '../../control/capabilities.ts';
import type { FieldTable, ReadBack } from '../../control/jail-field.ts';
import { jailFields } from '../../control/jail-fields.ts';
import { formatSize } from '../../control/quantity.ts';
import { ownValue } from '../../system/own-value.ts';
import type { MountInfo } from '../confine/mountinfo.ts';
import { tmpfsSize } from '../confine/mountinfo.ts';
import type { RunReport } from './run-options.ts';

/**
 * What is in force for a jail, for people: what the kernel reports where it can be asked, and what is declared for the
 * rest. One line each, at most one screen.
 *
 * @param table the fields to report, in this order
 */
export function runSummary(report: RunReport, table: FieldTable = jailFields): string[] {
  const { name, version, declaration, argv, runtime, pid } = report;
  const declared: Readonly<Record<string, unknown>> = declaration;
  const lines: Line[] = [
    ['runs', `${formatArgv(argv)} as ${declaration.user}, pid ${pid} of the host, by ${runtime}`],
    ...Object.entries(table).flatMap(([key, info]): Line[] => {
      const facts = info.readBack.flatMap((fact) => reported[fact]?.(report) ?? []);
      const text = facts.length > 0 ? undefined : info.summary(ownValue(declared, key));
      return text === undefined ? facts : [[info.name.toLowerCase(), text]];
    }),
    ...(report.address === undefined ? [] : [['address', report.address] satisfies Line]),
    ...report.published.map(
      ({ hostAddress, hostPort, jailPort }): Line => [
        'published',
        `${hostAddress}:${hostPort} leads to port ${jailPort}`,
      ],
    ),
  ];
  const width = Math.max(...lines.map(([what]) => what.length));
  return [
    `${name} ${version}, in force:`,
    ...lines.map(([what, text]) => `  ${what.padEnd(width)}  ${text}`),
  ];
}

type Line = readonly [what: string, text: string];

/** What the kernel reports of a field. Absent: the summary shows what is declared, which was compared with the kernel. */
const reported: Readonly<Partial<Record<ReadBack, (report: RunReport) => Line[]>>> = {
  account: ({ inForce }) => [
    [
      'uid map',
      inForce.uidMap.replace(/^(\d+) (\d+) (\d+)$/, '$1-65535 in the jail are $2 and up on the host'),
    ],
  ],
  capabilities: ({ inForce }) => [['capabilities', bounding(inForce.capabilities.CapBnd)]],
  mounts: ({ inForce, declaration }) => [
    ['root', mountLine(inForce.mounts, '/')],
    ...declaration.filesystem.map(({ path }): Line => [path, mountLine(inForce.mounts, path)]),
  ],
  memory: ({ inForce: { limits } }) => [['memory', `${sizeOf(limits.memory)}, swap ${sizeOf(limits.swap)}`]],
  cpu: ({ inForce: { limits } }) => [['cpu', `${limits.cpu ?? 'unlimited '}%`]],
  pids: ({ inForce: { limits } }) => [['processes', String(limits.pids ?? 'unlimited')]],
};

function bounding(bits: bigint): string {
  const names = capabilityNames.filter((_, bit) => (bits >> BigInt(bit)) & 1n);
  return names.length === 0 ? 'none' : names.join(' ');
}

function mountLine(mounts: readonly MountInfo[], path: string): string {
  const mount = mounts.findLast((candidate) => candidate.path === path);
  if (mount === undefined) return 'not mounted';
  const size = tmpfsSize(mount);
  const options = mount.options.filter((option) => option !== 'relatime').join(',');
  return `${mount.type} ${options}${size === undefined ? '' : ` ${formatSize(size)}`}`;
}

function sizeOf(bytes: number | undefined): string {
  return bytes === undefined ? 'unlimited' : formatSize(bytes);
}
