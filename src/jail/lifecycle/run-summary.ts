import { formatArgv } from '../../control/argv.ts';
import { capabilityNames } from '../../control/capabilities.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { formatSize } from '../../control/quantity.ts';
import type { MountInfo } from '../confine/mountinfo.ts';
import { tmpfsSize } from '../confine/mountinfo.ts';
import type { RunReport } from './run-options.ts';

/**
 * What the kernel put in force for a jail, for people: what it says, not what was asked for. One line a matter, at most
 * one screen.
 */
export function runSummary(report: RunReport): string[] {
  const { name, version, declaration, argv, inForce, runtime, pid } = report;
  const lines: [string, string][] = [
    ['runs', `${formatArgv(argv)} as ${declaration.user}, pid ${pid} of the host, by ${runtime}`],
    [
      'uid map',
      `${inForce.uidMap.replace(/^(\d+) (\d+) (\d+)$/, '$1-65535 in the jail are $2 and up on the host')}`,
    ],
    ['capabilities', bounding(inForce.capabilities.CapBnd)],
    ['system calls', `${declaration.syscalls.join(' ')} only; no_new_privs, no namespaces of its own`],
    ['root', mountLine(inForce.mounts, '/')],
    ...declaration.filesystem.map(({ path }): [string, string] => [path, mountLine(inForce.mounts, path)]),
    ['limits', limits(inForce.limits)],
    ['network', network(declaration)],
    ...(report.address === undefined ? [] : [['address', report.address] satisfies [string, string]]),
    ...report.published.map(({ hostAddress, hostPort, jailPort }): [string, string] => [
      'published',
      `${hostAddress}:${hostPort} leads to port ${jailPort}`,
    ]),
  ];
  const width = Math.max(...lines.map(([what]) => what.length));
  return [
    `${name} ${version}, in force:`,
    ...lines.map(([what, text]) => `  ${what.padEnd(width)}  ${text}`),
  ];
}

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

function limits({ memory, swap, cpu, pids }: RunReport['inForce']['limits']): string {
  const size = (bytes: number | undefined) => (bytes === undefined ? 'unlimited' : formatSize(bytes));
  return `memory ${size(memory)}, swap ${size(swap)}, CPU ${cpu ?? 'unlimited '}%, processes ${pids ?? 'unlimited'}`;
}

function network({ network: kind, listen, connect }: JailDeclaration): string {
  const ports = listen.map(({ port, protocol }) => `${port}/${protocol}`).join(' ');
  const out = connect.map((rule) =>
    rule.kind === 'host' ? `${rule.host}:${rule.port}/${rule.protocol}` : rule.kind,
  );
  return [
    kind,
    ...(ports === '' ? [] : [`listens on ${ports}`]),
    ...(kind === 'macvlan' ? [`connects to ${out.join(' ') || 'nothing'}`] : []),
  ].join(', ');
}
