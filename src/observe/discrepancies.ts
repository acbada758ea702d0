import { whyIneffective } from '../control/capabilities.ts';
import { allowedSyscalls } from '../jail/confine/seccomp.ts';
import { runtimeFloor } from '../jail/runtime/runtime-floor.ts';
import type { Declared } from './declared.ts';
import { fileDiscrepancies } from './discrepancies-files.ts';
import { connectionDiscrepancies } from './discrepancies-network.ts';
import type { Discrepancy } from './discrepancy.ts';
import { isWhole, lostOf, type Profile } from './profile.ts';

/**
 * Compares what a jail declares with what it did. That something never happened is said only of a record that begins
 * with the first instruction and lacks nothing.
 *
 * @param version of what is declared
 */
export function discrepancies(declared: Declared, version: string, profile: Profile): Discrepancy[] {
  return [
    ...ofRecord(version, profile),
    ...ofCapabilities(declared, profile),
    ...ofSyscalls(declared, profile),
    ...fileDiscrepancies(declared, profile),
    ...connectionDiscrepancies(declared, profile),
  ];
}

function* ofRecord(version: string, profile: Profile): Iterable<Discrepancy> {
  const lost = lostOf(profile);
  if (lost > 0)
    yield { kind: 'record-incomplete', context: 'lost', message: `the record lacks ${lost} events` };
  if (!profile.fromStart)
    yield {
      kind: 'record-incomplete',
      context: 'start',
      message: 'the record does not begin with the first instruction',
    };
  if (profile.version !== version)
    yield {
      kind: 'record-of-other-version',
      context: profile.version,
      message: `the record is of version ${profile.version}, the declarations are of ${version}`,
    };
}

function* ofCapabilities(declared: Declared, profile: Profile): Iterable<Discrepancy> {
  const sums = capabilitySums(profile);
  const field = 'Capabilities';
  for (const capability of declared.capabilities) {
    if (isWhole(profile) && (sums.get(capability)?.granted ?? 0) === 0)
      yield {
        kind: 'capability-never-used',
        context: capability,
        field,
        message: `${capability} is declared and was never used`,
      };
  }
  for (const [capability, { hard, hostHard, by }] of sums) {
    if (hard > 0 && !declared.capabilities.includes(capability) && whyIneffective(capability) === undefined)
      yield {
        kind: 'capability-denied',
        context: capability,
        field,
        message: `${capability} is not declared; ${calls(hard)} of ${by} failed for want of it`,
      };
    if (hostHard > 0)
      yield {
        kind: 'capability-cannot-help',
        context: capability,
        field,
        message: `${calls(hostHard)} of ${by} failed for want of ${capability} on the host, which no jail has`,
      };
  }
}

function calls(count: number): string {
  return count === 1 ? '1 call' : `${count} calls`;
}

/** Of all programs together. */
export interface CapabilitySum {
  granted: number;
  denied: number;
  hard: number;
  host: number;
  hostHard: number;
  /** Programs that asked for it, by their names. */
  by: string;
}

export function capabilitySums(profile: Profile): Map<string, CapabilitySum> {
  const sums = new Map<string, CapabilitySum & { programs: Set<string> }>();
  for (const { capability, program, granted, denied, hard = 0, host, hostHard = 0 } of profile.capabilities) {
    const sum = sums.get(capability) ?? {
      granted: 0,
      denied: 0,
      hard: 0,
      host: 0,
      hostHard: 0,
      by: '',
      programs: new Set(),
    };
    sum.granted += granted;
    sum.denied += denied;
    sum.hard += hard;
    sum.host += host;
    sum.hostHard += hostHard;
    sum.programs.add(programName(profile, program));
    sum.by = [...sum.programs].join(', ');
    sums.set(capability, sum);
  }
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function programName({ programs }: Profile, id: number): string {
  return programs.find((program) => program.id === id)?.path ?? 'an unknown program';
}

/** Refused by design: its flags cannot be seen by a filter, and the C library falls back to clone(2). */
const byDesign = new Set(['clone3']);

function* ofSyscalls(declared: Declared, profile: Profile): Iterable<Discrepancy> {
  if (profile.mode !== 'record') return;
  const field = 'Syscalls';
  const allowed = allowedSyscalls(declared.syscalls);
  const refused = new Map<string, { count: number; by: Set<string> }>();
  for (const { call, program, refused: count } of profile.calls) {
    if (count === 0 || byDesign.has(call)) continue;
    const seen = refused.get(call) ?? { count: 0, by: new Set() };
    seen.count += count;
    seen.by.add(programName(profile, program));
    refused.set(call, seen);
  }
  for (const [call, { count, by }] of [...refused].sort(([a], [b]) => (a < b ? -1 : 1)))
    yield {
      kind: 'syscalls-refused',
      context: call,
      field,
      message:
        `${call}: ${calls(count)} of ${[...by].join(', ')} refused` +
        (allowed.has(call) ? ', for what they asked: the call as such is allowed' : ''),
    };
  const floor = runtimeFloor(profile.runtime).filter((call) => !allowed.has(call));
  if (floor.length > 0)
    yield {
      kind: 'syscalls-below-floor',
      context: floor.join(' '),
      field,
      message: `${profile.runtime} itself needs ${floor.join(', ')}: they are allowed, and not declared`,
    };
  const used = usedCalls(profile);
  const unused = [...allowed].filter((call) => !used.has(call)).length;
  if (isWhole(profile) && unused > 0)
    yield {
      kind: 'syscalls-never-used',
      context: declared.syscalls.join(' '),
      field,
      message: `${allowed.size} system calls are allowed, ${used.size} were used`,
    };
}

/** The calls that came through. */
export function usedCalls(profile: Profile): Set<string> {
  return new Set(profile.calls.filter(({ entered }) => entered > 0).map(({ call }) => call));
}
