import { release } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { capabilityNames } from '../control/capabilities.ts';
import type { BpfMap } from '../kernel/bpf.ts';
import { errnoName } from '../kernel/libc.ts';
import { syscallName } from '../kernel/syscall-numbers.ts';
import type { Counters, Mode } from './counters.ts';
import type { Declared } from './declared.ts';
import { fileKinds, pathAt, u64, ways } from './layout.ts';
import type { Profile } from './profile.ts';

/** What is said of a record beside what was counted. */
export interface Subject {
  package: string;
  version: string;
  sha256: string;
  declared: Declared;
  runtime: string;
  mode: Mode;
  /** Whether it counted before the jail's first instruction, in this mode. */
  fromStart: boolean;
  blind: string[];
}

/** How many entries are read before others get their turn. */
const slice = 512;

/** Reads what was counted of a jail. The event loop goes on meanwhile. */
export async function readProfile(counters: Counters, jail: number, subject: Subject): Promise<Profile> {
  const { maps } = counters.programs;
  const entry = counters.entry(jail);
  const recorded = subject.mode === 'record';
  const now = process.hrtime.bigint();
  const began = entry.began === 0n ? now : entry.began;
  const ended = entry.ended === 0n ? now : entry.ended;
  const { fromStart, mode, blind, ...named } = subject;
  return {
    prodngProfile: 1,
    ...named,
    mechanism: 'bpf',
    mode,
    kernel: release(),
    began: new Date(Date.now() - Number(now - began) / 1e6).toISOString(),
    duration: Math.round(Number(ended - began) / 1e6),
    runs: 1,
    fromStart,
    lost: entry.lost,
    blind: [...blind],
    programs: byId(await entriesOf(maps.programs, jail, programOf)),
    capabilities: await entriesOf(maps.capabilities, jail, (key, value) =>
      capabilityOf(key, value, recorded),
    ),
    calls: recorded ? await entriesOf(maps.calls, jail, callOf) : [],
    files: recorded ? await entriesOf(maps.files, jail, fileOf) : [],
    connections: await entriesOf(maps.connections, jail, connectionOf),
  };
}

async function entriesOf<T>(
  map: BpfMap,
  jail: number,
  decode: (key: Buffer, value: Buffer) => T,
): Promise<T[]> {
  const found: [at: Buffer, T][] = [];
  let read = 0;
  for (const key of map.keys()) {
    read += 1;
    if (read % slice === 0) await nextTurn();
    if (key.readUInt32LE(0) !== jail) continue;
    const value = map.lookup(key);
    if (value !== undefined) found.push([key, decode(key, value)]);
  }
  // a hash has no order: the same record shall be the same text
  return found.sort(([a], [b]) => a.compare(b)).map(([, entry]) => entry);
}

function byId(programs: Profile['programs']): Profile['programs'] {
  return programs.sort((a, b) => a.id - b.id);
}

function programOf(key: Buffer, value: Buffer): Profile['programs'][number] {
  return {
    id: value.readUInt32LE(0),
    path: pathAt(key, 8),
    file: pathAt(value, 24),
    origin: key.readUInt32LE(4) === 1 ? 'service' : 'entered',
    executed: u64(value, 16),
    outside: value.readUInt32LE(8) !== 0,
    by: value.readUInt32LE(4),
  };
}

function capabilityOf(key: Buffer, value: Buffer, recorded: boolean): Profile['capabilities'][number] {
  const number = key.readUInt32LE(8);
  return {
    capability: capabilityNames[number] ?? `CAP_${number}`,
    program: key.readUInt32LE(4),
    granted: u64(value, 0),
    denied: u64(value, 8),
    ...(recorded ? { hard: u64(value, 16) } : {}),
    host: u64(value, 24),
    ...(recorded ? { hostHard: u64(value, 32) } : {}),
  };
}

function callOf(key: Buffer, value: Buffer): Profile['calls'][number] {
  return {
    call: syscallName(key.readUInt32LE(8)),
    program: key.readUInt32LE(4),
    entered: u64(value, 0),
    refused: u64(value, 8),
    denied: u64(value, 16),
    missing: u64(value, 24),
  };
}

function fileOf(key: Buffer, value: Buffer): Profile['files'][number] {
  return {
    path: pathAt(key, 16),
    kind: nth(fileKinds, key.readUInt32LE(8)),
    program: key.readUInt32LE(4),
    count: u64(value, 0),
  };
}

function connectionOf(key: Buffer, value: Buffer): Profile['connections'][number] {
  const way = nth(ways, key.readUInt8(8));
  const error = key.readUInt16LE(14);
  return {
    way,
    protocol: key.readUInt8(10) === 6 ? 'tcp' : 'udp',
    ...(way === 'connected' || way === 'failed'
      ? { address: addressOf(key.readUInt8(9), key.subarray(16)) }
      : {}),
    port: key.readUInt16LE(12),
    ...(error === 0 ? {} : { error: errnoName(error) }),
    program: key.readUInt32LE(4),
    count: u64(value, 0),
  };
}

const AF_INET6 = 10;

function addressOf(family: number, bytes: Buffer): string {
  if (family !== AF_INET6) return [...bytes.subarray(0, 4)].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // the URL parser shortens as RFC 5952 says
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** @throws RangeError for what the programs do not write */
function nth<T>(list: readonly T[], number: number): T {
  const found = list[number - 1];
  if (found === undefined) throw new RangeError(`a record of kind ${number}`);
  return found;
}
