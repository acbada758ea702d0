import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { type BpfLink, type BpfMap, BpfObject } from '../kernel/bpf.ts';
import { layouts, type MapName } from './layout.ts';
import { objectFile } from './object-file.ts';

const always = ['on_exec', 'on_fork', 'on_exit', 'on_socket_state'] as const;
const ofCalls = ['on_sys_enter', 'on_sys_exit'] as const;
/** One of them counts capabilities: which, the kernel decides. */
const ofCapabilities = ['on_capability', 'on_capability_return'] as const;
const all = [...always, ...ofCalls, ...ofCapabilities];

/** The programs in the kernel, and their maps. */
export interface LoadedPrograms {
  maps: Record<MapName, BpfMap>;
  /** How capabilities are seen: by a tracepoint or at the return of the function. */
  capabilities: (typeof ofCapabilities)[number];
  /** Attaches the programs of system calls, which cost every process of the host. */
  attachCalls(): BpfLink[];
  /** Detaches what is not pinned. */
  close(): void;
}

export interface LoadOptions {
  /** Other numbers of entries than bpf/record.h has, by map. */
  sizes?: Readonly<Partial<Record<MapName, number>>>;
  /** A folder in a bpffs: what is pinned there goes on without this process. */
  pins?: string;
}

/**
 * Loads the BPF programs and attaches those that always count. Whether the kernel can is found out by trying.
 *
 * @throws ProdngError HOST_LACKS with the kernel's answer
 */
export function loadPrograms({ sizes = {}, pins }: LoadOptions = {}): LoadedPrograms {
  const failures: string[] = [];
  const path = objectFile();
  for (const capabilities of ofCapabilities) {
    let object: BpfObject;
    const links: BpfLink[] = [];
    try {
      object = BpfObject.load(path, all, [...always, ...ofCalls, capabilities], sizes);
    } catch (error) {
      failures.push(`${capabilities}: ${reasonOf(error)}`);
      continue;
    }
    try {
      for (const name of [...always, capabilities]) links.push(object.attach(name));
      if (pins !== undefined) pinAll(object, links, pins);
      return {
        maps: mapsOf((name) => object.map(name, layouts[name])),
        capabilities,
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
  throw new ProdngError('HOST_LACKS', `jails cannot be observed by BPF here: ${failures.join('; ')}`, {
    hint: 'it takes root, libbpf1, and a kernel of 5.17 or newer with BTF, whose lockdown allows BPF to read',
  });
}

function pinAll(object: BpfObject, links: readonly BpfLink[], folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  for (const name of Object.keys(layouts)) object.pinMap(name, join(folder, name));
  for (const [index, link] of links.entries()) link.pin(join(folder, `link-${index}`));
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
