import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { type BpfLink, type BpfMap, BpfObject } from '../kernel/bpf.ts';
import { layouts, type MapName } from './layout.ts';
import { objectFile } from './object-file.ts';

export const always = ['on_exec', 'on_fork', 'on_exit', 'on_socket_state'] as const;
export const ofCalls = ['on_sys_enter', 'on_sys_exit'] as const;
/** One of them counts capabilities: which, the kernel decides. */
export const ofCapabilities = ['on_capability', 'on_capability_return'] as const;
export const allPrograms = [...always, ...ofCalls, ...ofCapabilities];

/** The programs in the kernel, and their maps. */
export interface LoadedPrograms {
  maps: Record<MapName, BpfMap>;
  /** They go on without this process. */
  isPinned: boolean;
  /** How they see capabilities, in words. */
  means: string;
  /** Attaches the programs of system calls, which cost every process of the host. */
  attachCalls(): Attached[];
  /** Detaches what is not pinned. */
  close(): void;
}

/** A program that counts until it is released. */
export interface Attached {
  release(): void;
}

/**
 * Loads the BPF programs and attaches those that always count. Whether the kernel can is found out by trying.
 *
 * @param sizes other numbers of entries than bpf/record.h has, by map
 * @throws ProdngError HOST_LACKS with the kernel's answer
 */
export function loadPrograms(sizes: Readonly<Partial<Record<MapName, number>>> = {}): LoadedPrograms {
  const failures: string[] = [];
  const path = objectFile();
  for (const capabilities of ofCapabilities) {
    let object: BpfObject;
    const links: BpfLink[] = [];
    try {
      object = BpfObject.load(path, allPrograms, [...always, ...ofCalls, capabilities], sizes);
    } catch (error) {
      failures.push(`${capabilities}: ${reasonOf(error)}`);
      continue;
    }
    try {
      for (const name of [...always, capabilities]) links.push(object.attach(name));
      return {
        maps: mapsOf((name) => object.map(name, layouts[name])),
        isPinned: false,
        means: meansOf(capabilities),
        attachCalls: () => ofCalls.map((name) => object.attach(name)),
        close() {
          for (const link of links) link.release();
          object.close();
        },
      };
    } catch (error) {
      for (const link of links) link.release();
      object.close();
      failures.push(`${capabilities}: ${reasonOf(error)}`);
    }
  }
  throw cannotObserve(failures);
}

/** For people. */
export function meansOf(capabilities: (typeof ofCapabilities)[number]): string {
  return capabilities === 'on_capability'
    ? 'capabilities by the tracepoint cap_capable'
    : 'capabilities at the return of cap_capable()';
}

/** @param failures what the kernel answered */
export function cannotObserve(failures: readonly string[]): ProdngError {
  return new ProdngError('HOST_LACKS', `jails cannot be observed by BPF here: ${failures.join('; ')}`, {
    hint: 'it takes root, libbpf1, and a kernel of 5.17 or newer with BTF, whose lockdown allows BPF to read',
  });
}

/** Each map by its name. */
export function mapsOf(open: (name: MapName) => BpfMap): Record<MapName, BpfMap> {
  return {
    jails: open('jails'),
    modes: open('modes'),
    programs: open('programs'),
    capabilities: open('capabilities'),
    calls: open('calls'),
    files: open('files'),
    connections: open('connections'),
    rules: open('rules'),
    violations: open('violations'),
    tasks: open('tasks'),
  };
}
