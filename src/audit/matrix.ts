import { whyIneffective } from '../control/capabilities.ts';
import { allowedSyscalls } from '../jail/confine/seccomp.ts';
import { syscallsOfGroup } from '../jail/confine/syscall-groups.ts';
import { connectText, type Declared } from '../observe/declared.ts';
import { capabilitySums, programName } from '../observe/discrepancies.ts';
import { isBelow } from '../observe/discrepancies-files.ts';
import { matches } from '../observe/discrepancies-network.ts';
import type { Profile } from '../observe/profile.ts';

/** One thing that a jail may do, did, or was refused. */
export interface MatrixRow {
  group: 'capability' | 'system calls' | 'file' | 'listen' | 'connect';
  what: string;
  declared: boolean;
  /** How often it was done, and how often the kernel refused. */
  used: number;
  denied: number;
  /** Programs, by the paths they were executed by. */
  by: string[];
  note?: string;
}

/** Declared against used against denied, in the order of the groups. What was not recorded has no rows. */
export function matrixOf(declared: Declared, profile: Profile): MatrixRow[] {
  return [
    ...capabilityRows(declared, profile),
    ...(profile.mode === 'record' ? [...syscallRows(declared, profile), ...fileRows(declared, profile)] : []),
    ...listenRows(declared, profile),
    ...connectRows(declared, profile),
  ];
}

function capabilityRows(declared: Declared, profile: Profile): MatrixRow[] {
  const sums = capabilitySums(profile);
  const names = [...new Set([...declared.capabilities, ...sums.keys()])].sort();
  return names.map((what) => {
    const sum = sums.get(what);
    const note = capabilityNote(sum?.hard ?? 0, sum?.host ?? 0, sum?.denied ?? 0, what);
    return {
      group: 'capability',
      what,
      declared: declared.capabilities.includes(what),
      used: sum?.granted ?? 0,
      denied: (sum?.denied ?? 0) + (sum?.host ?? 0),
      by: sum === undefined || sum.by === '' ? [] : sum.by.split(', '),
      ...(note === undefined ? {} : { note }),
    };
  });
}

function capabilityNote(hard: number, host: number, denied: number, what: string): string | undefined {
  if (hard > 0) return 'calls failed for want of it';
  if (host > 0) return whyIneffective(what) ?? 'checked against the host: no declaration helps';
  return denied > 0 ? 'denied without consequence' : undefined;
}

/** By declared group; calls of none stand by their own names. */
function syscallRows(declared: Declared, profile: Profile): MatrixRow[] {
  const allowed = allowedSyscalls(declared.syscalls);
  const rows = declared.syscalls.map((what): MatrixRow => {
    const members = what.startsWith('@') ? syscallsOfGroup(what) : new Set([what]);
    const seen = profile.calls.filter(({ call, entered }) => entered > 0 && members.has(call));
    const different = new Set(seen.map(({ call }) => call)).size;
    const count = [...members].filter((call) => allowed.has(call)).length;
    return {
      group: 'system calls',
      what,
      declared: true,
      used: seen.reduce((sum, { entered }) => sum + entered, 0),
      denied: 0,
      by: [],
      ...(what.startsWith('@') ? { note: `${different} of its ${count} calls were made` } : {}),
    };
  });
  const refused = new Map<string, MatrixRow>();
  for (const { call, program, refused: denied } of profile.calls) {
    if (denied === 0) continue;
    const row = refused.get(call) ?? {
      group: 'system calls',
      what: call,
      declared: allowed.has(call),
      used: 0,
      denied: 0,
      by: [],
      ...(call === 'clone3' ? { note: 'refused by design: clone is used instead' } : {}),
    };
    row.denied += denied;
    row.by.push(programName(profile, program));
    refused.set(call, row);
  }
  return [...rows, ...[...refused.values()].sort((a, b) => (a.what < b.what ? -1 : 1))];
}

function fileRows(declared: Declared, profile: Profile): MatrixRow[] {
  const rows = declared.writable.map(({ kind, path }): MatrixRow => {
    const below = profile.files.filter((file) => isBelow(file.path, path) && file.path.startsWith('/'));
    const sum = (of: (kind: string) => boolean) =>
      below.filter((file) => of(file.kind)).reduce((total, { count }) => total + count, 0);
    return {
      group: 'file',
      what: path,
      declared: true,
      used: sum((each) => each !== 'read' && each !== 'refused'),
      denied: sum((each) => each === 'refused'),
      by: namesOf(profile, below),
      note: kind === 'rw' ? 'volume' : 'tmpfs',
    };
  });
  const elsewhere = profile.files.filter(
    ({ kind, path }) => kind === 'refused' && !declared.writable.some((place) => isBelow(path, place.path)),
  );
  for (const path of [...new Set(elsewhere.map((file) => file.path))].sort()) {
    const these = elsewhere.filter((file) => file.path === path);
    const denied = these.reduce((total, { count }) => total + count, 0);
    rows.push({ group: 'file', what: path, declared: false, used: 0, denied, by: namesOf(profile, these) });
  }
  return rows;
}

function listenRows(declared: Declared, profile: Profile): MatrixRow[] {
  const bound = profile.connections.filter(({ way }) => way === 'listens');
  const ports = [
    ...declared.listen.map(({ port, protocol }) => ({ port, protocol, declared: true })),
    ...[...new Set(bound.map(({ port }) => port))]
      .filter((port) => !declared.listen.some((each) => each.port === port && each.protocol === 'tcp'))
      .map((port) => ({ port, protocol: 'tcp' as const, declared: false })),
  ];
  return ports.map((each) => {
    const these = profile.connections.filter(
      ({ way, port, protocol }) =>
        (way === 'listens' || way === 'accepted') && port === each.port && protocol === each.protocol,
    );
    const accepted = these.reduce((sum, { way, count }) => sum + (way === 'accepted' ? count : 0), 0);
    return {
      group: 'listen',
      what: `${each.port}/${each.protocol}`,
      declared: each.declared,
      used: these.filter(({ way }) => way === 'listens').reduce((sum, { count }) => sum + count, 0),
      denied: 0,
      by: namesOf(
        profile,
        these.filter(({ way }) => way === 'listens'),
      ),
      note: each.protocol === 'udp' ? 'datagrams are not counted' : `${accepted} connections accepted`,
    };
  });
}

function connectRows(declared: Declared, profile: Profile): MatrixRow[] {
  const made = profile.connections.filter(({ way }) => way === 'connected' || way === 'failed');
  const row = (what: string, isDeclared: boolean, these: typeof made): MatrixRow => {
    const sum = (of: string) =>
      these.filter(({ way }) => way === of).reduce((total, { count }) => total + count, 0);
    const errors = [...new Set(these.flatMap(({ error }) => error ?? []))];
    return {
      group: 'connect',
      what,
      declared: isDeclared,
      used: sum('connected'),
      denied: sum('failed'),
      by: namesOf(profile, these),
      ...(errors.length === 0 ? {} : { note: errors.join(', ') }),
    };
  };
  const peers = groupByPeer(made);
  return [
    ...declared.connect.map((rule) =>
      row(
        connectText(rule),
        true,
        made.filter((each) => matches(rule, each)),
      ),
    ),
    ...[...peers]
      .filter(([, these]) => !these.some((each) => declared.connect.some((rule) => matches(rule, each))))
      .map(([peer, these]) => row(peer, false, these)),
  ];
}

function groupByPeer(made: Profile['connections']): Map<string, Profile['connections']> {
  const peers = new Map<string, Profile['connections']>();
  for (const each of made) {
    const { address = '', port, protocol } = each;
    const peer = `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`;
    peers.set(peer, [...(peers.get(peer) ?? []), each]);
  }
  return peers;
}

function namesOf(profile: Profile, entries: readonly { program: number }[]): string[] {
  return [...new Set(entries.flatMap(({ program }) => (program === 0 ? [] : programName(profile, program))))];
}
