import type { EntrySizes } from '../kernel/bpf.ts';

// The structures of bpf/record.h: change both together. All numbers are little-endian, as on every host of ours.

/** The maps, and the sizes of their keys and values in bytes. */
export const layouts = {
  jails: { key: 4, value: 208 },
  modes: { key: 4, value: 4 },
  programs: { key: 264, value: 280 },
  capabilities: { key: 16, value: 40 },
  calls: { key: 16, value: 32 },
  files: { key: 272, value: 8 },
  connections: { key: 32, value: 8 },
  rules: { key: 16, value: 8 },
  violations: { key: 16, value: 24 },
  tasks: { key: 4, value: 864 },
} as const satisfies Record<string, EntrySizes>;

export type MapName = keyof typeof layouts;

/** Bits of a jail's mode. */
export const modeBits = { records: 1, rules: 2, confined: 4, refusals: 8 } as const;

/** What can be lost when a map is full, in the order of enum loss. */
export const lossKinds = [
  'programs',
  'capabilities',
  'calls',
  'files',
  'connections',
  'tasks',
  'violations',
] as const;
export type LossKind = (typeof lossKinds)[number];

/** In the order of enum file_kind, from 1. */
export const fileKinds = [
  'read',
  'written',
  'created',
  'removed',
  'renamed',
  'linked',
  'mode',
  'owner',
  'truncated',
  'folder',
  'node',
  'refused',
] as const;

/** In the order of enum way, from 1. */
export const ways = ['connected', 'failed', 'accepted', 'listens'] as const;

/** Where an entry of a jail has the pid of its first process. */
export const jailFirst = 8;

/** What the kernel keeps of a jail as a whole. */
export interface JailEntry {
  flags: number;
  programs: number;
  /** Its first process, as the host counts. */
  first: number;
  /** Of the monotonic clock, in ns; 0 when not yet. */
  began: bigint;
  ended: bigint;
  lost: Record<LossKind, number>;
  /** Of all its processes together, also those that have ended. */
  figures: ProcessFigures;
}

/** What a process has done since it or its parent was executed. */
export interface ProcessFigures {
  /** Bit sets of capabilities. */
  used: bigint;
  denied: bigint;
  /** Calls that seccomp refused, files opened: only while recording. */
  refused: number;
  opened: number;
  connections: number;
  executed: number;
}

/** struct figures at an offset. */
export function decodeFigures(value: Buffer, offset: number): ProcessFigures {
  return {
    used: value.readBigUInt64LE(offset),
    denied: value.readBigUInt64LE(offset + 8),
    refused: u64(value, offset + 16),
    connections: u64(value, offset + 24),
    opened: u64(value, offset + 32),
    executed: u64(value, offset + 40),
  };
}

export function decodeJail(value: Buffer): JailEntry {
  return {
    flags: value.readUInt32LE(0),
    programs: value.readUInt32LE(4),
    first: value.readUInt32LE(jailFirst),
    began: value.readBigUInt64LE(16),
    ended: value.readBigUInt64LE(24),
    lost: {
      programs: u64(value, 32),
      capabilities: u64(value, 40),
      calls: u64(value, 48),
      files: u64(value, 56),
      connections: u64(value, 64),
      tasks: u64(value, 72),
      violations: u64(value, 80),
    },
    figures: decodeFigures(value, 160),
  };
}

/** @throws RangeError beyond 2^53 */
export function u64(buffer: Buffer, offset: number): number {
  const number = buffer.readBigUInt64LE(offset);
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${number} cannot be counted exactly`);
  return Number(number);
}

export function u32Key(...numbers: number[]): Buffer {
  const key = Buffer.alloc(4 * numbers.length);
  for (const [index, number] of numbers.entries()) key.writeUInt32LE(number >>> 0, index * 4);
  return key;
}

/** A path from the kernel: bytes that a jail has chosen. What is no UTF-8 becomes U+FFFD. */
export function pathAt(buffer: Buffer, offset: number): string {
  const end = buffer.indexOf(0, offset);
  return buffer.toString('utf8', offset, end === -1 || end > offset + 256 ? offset + 256 : end);
}
