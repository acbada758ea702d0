import type { JailDeclaration } from '../control/jail-declaration.ts';

/** How much of the host and the network a jail could reach if its service were taken over. */
export interface Score {
  /** 0 (nothing) to 10, one decimal. */
  value: number;
  /** Why, in the order of weight; rows that add nothing are there too. */
  rows: ScoreRow[];
}

export interface ScoreRow {
  what: string;
  /** What it adds to the score. */
  points: number;
  /** The most that this row could add. */
  most: number;
  why: string;
}

/**
 * What a capability opens in a user namespace, of 3 points in all: its part of the kernel's surface and of what is
 * outside of the jail, not how mighty it is on a host.
 */
const capabilityPoints: Readonly<Record<string, number>> = {
  CAP_SYS_ADMIN: 3,
  CAP_NET_ADMIN: 1.5,
  CAP_NET_RAW: 1,
  CAP_SYS_PTRACE: 0.8,
  CAP_SYS_RESOURCE: 0.5,
  CAP_DAC_READ_SEARCH: 0.4,
  CAP_DAC_OVERRIDE: 0.4,
  CAP_SYS_CHROOT: 0.3,
  CAP_SETFCAP: 0.3,
};
const otherCapability = 0.2;

const dangerousCalls = new Set(
  'clock cpu-emulation debug known module mount obsolete privileged raw-io reboot swap'
    .split(' ')
    .map((name) => `@${name}`),
);

/** The exposure of a jail by what it declares: of a source, a .deb or a running jail alike. It informs; tags decide. */
export function exposureScore(declaration: JailDeclaration): Score {
  const rows = [
    capabilities(declaration),
    network(declaration),
    egress(declaration),
    systemCalls(declaration),
    hostPaths(declaration),
    account(declaration),
    writable(declaration),
    limits(declaration),
  ];
  const total = rows.reduce((sum, { points }) => sum + points, 0);
  return { value: Math.round(Math.min(10, total) * 10) / 10, rows };
}

function row(what: string, most: number, points: number, why: string): ScoreRow {
  return { what, points: Math.round(Math.min(most, points) * 10) / 10, most, why };
}

function capabilities({ capabilities: declared }: JailDeclaration): ScoreRow {
  const points = declared.reduce((sum, name) => sum + (capabilityPoints[name] ?? otherCapability), 0);
  return row('capabilities', 3, points, declared.join(', ') || 'none');
}

function network({ network: kind, listen }: JailDeclaration): ScoreRow {
  const points = { none: 0, loopback: 0.1, macvlan: 1 }[kind];
  const ports = listen.map(({ port, protocol }) => `${port}/${protocol}`).join(', ');
  return row('network', 1, points, ports === '' ? kind : `${kind}, answers on ${ports}`);
}

function egress({ network: kind, connect }: JailDeclaration): ScoreRow {
  if (kind !== 'macvlan' || connect.length === 0) return row('egress', 2, 0, 'none');
  if (connect.some((rule) => rule.kind === 'any')) return row('egress', 2, 2, 'any');
  const hosts = connect.flatMap((rule) => (rule.kind === 'host' ? [rule] : []));
  const points = hosts.reduce((sum, { host }) => sum + (host.includes('/') ? 0.5 : 0.2), 0.2);
  return row('egress', 2, points, `${hosts.length} rules${hosts.length === connect.length ? '' : ', dns'}`);
}

function systemCalls({ syscalls }: JailDeclaration): ScoreRow {
  const groups = syscalls.filter((name) => dangerousCalls.has(name));
  if (groups.length > 0) return row('system calls', 1.5, 0.8 * groups.length, groups.join(', '));
  const isUsual = syscalls.includes('@system-service');
  return row(
    'system calls',
    1.5,
    isUsual ? 0.3 : 0.1,
    isUsual ? '@system-service' : `${syscalls.length} names`,
  );
}

function hostPaths({ filesystem }: JailDeclaration): ScoreRow {
  const paths = filesystem.flatMap((mount) => (mount.kind === 'ro' ? [mount.hostPath] : []));
  return row('host paths', 1, 0.4 * paths.length, paths.join(', ') || 'none');
}

function account({ user }: JailDeclaration): ScoreRow {
  return row('user', 0.5, user === 'root' ? 0.5 : 0, user);
}

function writable({ filesystem }: JailDeclaration): ScoreRow {
  const mounts = filesystem.filter(({ kind }) => kind !== 'ro');
  const unlimited = mounts.some((mount) => mount.kind === 'rw' && mount.size === undefined);
  const points = 0.1 * mounts.length + (unlimited ? 0.3 : 0);
  return row('writable places', 0.5, points, mounts.map(({ path }) => path).join(', ') || 'none');
}

function limits({ memory, cpu, pids }: JailDeclaration): ScoreRow {
  const points = (memory > 2 ** 32 ? 0.2 : 0) + (cpu > 400 ? 0.2 : 0) + (pids > 4096 ? 0.1 : 0);
  return row('limits', 0.5, points, `${Math.round(memory / 2 ** 20)} MiB, ${cpu}% CPU, ${pids} processes`);
}
