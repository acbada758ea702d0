import type { Rootfs, RootfsNode } from '../rootfs.ts';

/** Why a program would not start. */
export type StartFault =
  | { kind: 'missing'; path: string; neededBy?: string }
  | { kind: 'loop'; path: string; neededBy?: string }
  | { kind: 'not-a-file'; path: string }
  | { kind: 'not-executable'; path: string }
  | { kind: 'not-a-program'; path: string };

/** What execve(2) goes through to start a program: itself, the interpreters of scripts, the dynamic loader. */
export interface ProgramChain {
  nodes: RootfsNode[];
  fault?: StartFault;
}

const mostInterpreters = 5;

/**
 * Follows a program to what the kernel would run.
 *
 * @param searchPath PATH, split: where env(1) searches
 */
export function programChain(rootfs: Rootfs, program: string, searchPath: readonly string[]): ProgramChain {
  const nodes: RootfsNode[] = [];
  let path = program;
  let neededBy: string | undefined;
  for (let depth = 0; depth <= mostInterpreters; depth += 1) {
    const by = neededBy === undefined ? {} : { neededBy };
    const resolved = rootfs.resolve(path);
    if ('loop' in resolved) return { nodes, fault: { kind: 'loop', path, ...by } };
    if ('missing' in resolved) return { nodes, fault: { kind: 'missing', path, ...by } };
    const { node } = resolved;
    if (node.type !== 'file') return { nodes, fault: { kind: 'not-a-file', path } };
    if ((node.mode & 0o111) === 0) return { nodes, fault: { kind: 'not-executable', path } };
    nodes.push(node);
    const { what } = node;
    if (what?.kind === 'elf') {
      const loader = what.elf.interpreter;
      if (loader === undefined) return { nodes };
      const found = rootfs.at(loader);
      if (found?.type !== 'file')
        return { nodes, fault: { kind: 'missing', path: loader, neededBy: node.path } };
      return { nodes: [...nodes, found] };
    }
    if (what?.kind !== 'script') return { nodes, fault: { kind: 'not-a-program', path } };
    neededBy = node.path;
    path = scriptInterpreter(rootfs, what.line, searchPath);
  }
  return { nodes, fault: { kind: 'loop', path } };
}

/** The program of a `#!` line; what env(1) would find when it is env. */
function scriptInterpreter(rootfs: Rootfs, line: string, searchPath: readonly string[]): string {
  const [program = '', ...args] = line.split(/[ \t]+/);
  if (!program.endsWith('/env') || rootfs.at(program) === undefined) return program;
  const name = args.find((word) => !word.startsWith('-') && !word.includes('='));
  if (name === undefined || name.includes('/')) return name ?? program;
  const found = searchPath.find((folder) => rootfs.at(`${folder}/${name}`)?.type === 'file');
  return `${found ?? searchPath[0] ?? ''}/${name}`;
}
