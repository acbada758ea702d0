import { capabilityNames } from '../../control/capabilities.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import type { ReadBack } from '../../control/jail-field.ts';
import { jailFieldList } from '../../control/jail-fields.ts';
import { formatSize } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { compareMounts } from './compare-mounts.ts';
import type { Expected } from './expected.ts';
import { type CapabilitySet, capabilitySets, type InForce } from './in-force.ts';

type Check = (declaration: JailDeclaration, expected: Expected, inForce: InForce) => string[];

/** One check for each fact that a field has read back. */
const checks: Readonly<Record<ReadBack, Check>> = {
  account: (_, expected, inForce) => compareAccount(expected, inForce),
  capabilities: compareCapabilities,
  mounts: (declaration, expected, { mounts }) => compareMounts(declaration, expected, mounts),
  memory: ({ memory }, _, { limits }) => [
    ...differ('the memory limit', sizeOf(limits.memory), sizeOf(memory - (memory % page))),
    ...differ('swap', sizeOf(limits.swap), sizeOf(0)),
  ],
  cpu: ({ cpu }, _, { limits }) => differ('the CPU limit', `${limits.cpu ?? 'no '}%`, `${cpu}%`),
  pids: ({ pids }, _, { limits }) =>
    differ('the limit of processes', String(limits.pids ?? 'none'), String(pids)),
  io: (_, { io }, { limits }) => differ('the limits of devices', limits.io.join(', '), io.join(', ')),
  seccomp: (_, __, { seccomp }) => differ('Seccomp', String(seccomp), '2'),
};

const page = 4096;

/**
 * Compares what the kernel put in force with what the jail declares.
 *
 * @returns every difference, each a sentence; empty when there is none
 */
export function compareInForce(declaration: JailDeclaration, expected: Expected, inForce: InForce): string[] {
  const facts = new Set(jailFieldList.flatMap(({ readBack }) => readBack));
  return [
    ...[...facts].flatMap((fact) => checks[fact](declaration, expected, inForce)),
    ...compareConfinement(expected, inForce),
  ];
}

/** @throws ProdngError JAIL_REFUSED that names each difference */
export function assertInForce(name: string, differences: readonly string[]): void {
  if (differences.length === 0) return;
  throw new ProdngError(
    'JAIL_REFUSED',
    `${name}: what the kernel put in force differs from the declaration:\n${differences.map((line) => `  - ${line}`).join('\n')}`,
    { hint: 'the service was not run; prodng doctor shows what this host lacks' },
  );
}

function compareCapabilities({ capabilities }: JailDeclaration, { account }: Expected, inForce: InForce) {
  const declared = capabilityBits(capabilities);
  return capabilitySets.flatMap((set: CapabilitySet) => {
    const wanted = set === 'CapAmb' && account.uid === 0 ? 0n : declared;
    const found = inForce.capabilities[set];
    return found === wanted ? [] : [`${set} is ${namesOf(found)}, declared is ${namesOf(wanted)}`];
  });
}

/** A set of capabilities as the kernel writes it. */
export function capabilityBits(names: readonly string[]): bigint {
  return names.reduce((bits, name) => bits | (1n << BigInt(capabilityNames.indexOf(name))), 0n);
}

function namesOf(bits: bigint): string {
  const names = capabilityNames.filter((_, bit) => (bits >> BigInt(bit)) & 1n);
  return names.length === 0 ? 'none' : names.join(' ');
}

function compareAccount({ account, range }: Expected, inForce: InForce): string[] {
  const map = `0 ${range.first} ${range.count}`;
  const uid = range.first + account.uid;
  const gid = range.first + account.gid;
  const groups = account.additionalGids.map((id) => range.first + id);
  return [
    ...differ('uid_map', inForce.uidMap, map),
    ...differ('gid_map', inForce.gidMap, map),
    ...differ('the uids', unique(inForce.uids), String(uid)),
    ...differ('the gids', unique(inForce.gids), String(gid)),
    // a runtime may name the primary group among the supplementary ones: no right comes of it
    ...differ('the groups', unique(inForce.groups.filter((id) => id !== gid)), unique(groups)),
  ];
}

/** What holds for every jail, whatever it declares. */
function compareConfinement({ cgroupsPath }: Expected, inForce: InForce): string[] {
  return [
    ...differ('its control group', inForce.limits.path ?? 'not one', cgroupsPath),
    ...differ('no_new_privs', String(inForce.noNewPrivileges), 'true'),
    ...differ('the core limit', inForce.coreLimit, '0 0'),
    ...inForce.sharedNamespaces.map((kind) => `its ${kind} namespace is the host's`),
  ];
}

function unique(ids: readonly number[]): string {
  return [...new Set(ids)].sort((a, b) => a - b).join(' ');
}

function sizeOf(bytes: number | undefined): string {
  return bytes === undefined ? 'unlimited' : formatSize(bytes);
}

function differ(what: string, found: string, wanted: string): string[] {
  return found === wanted ? [] : [`${what}: ${found || 'none'} instead of ${wanted || 'none'}`];
}
