import type { JailDeclaration } from '../control/jail-declaration.ts';
import { programAndScript } from './command-line.ts';
import { multiarchTriplet } from './elf/machines.ts';
import { LibraryLoader, type MissingLibrary } from './loader/load-program.ts';
import { type ProgramChain, programChain } from './loader/program-chain.ts';
import type { RootfsNode } from './rootfs.ts';
import type { DebSubject } from './subject.ts';

/** What prodng gives a jail that does not set PATH itself. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The folders of a jail's PATH. */
export function searchPathOf(declaration: JailDeclaration | undefined): string[] {
  return (declaration?.environment.PATH ?? defaultPath).split(':').filter((folder) => folder.startsWith('/'));
}

/** What starts when the jail's command does: several checks ask for it. */
export interface StartedPrograms {
  chain: ProgramChain;
  /** Every file of it and every library that is loaded with it. */
  files: ReadonlySet<string>;
  missing: readonly MissingLibrary[];
  loader: LibraryLoader;
}

const known = new WeakMap<DebSubject, StartedPrograms>();

/** Follows the jail's command through its rootfs. */
export function startedPrograms(subject: DebSubject): StartedPrograms {
  const before = known.get(subject);
  if (before !== undefined) return before;
  const { rootfs, declaration, stanza } = subject;
  const libraryPath = (declaration?.environment.LD_LIBRARY_PATH ?? '')
    .split(':')
    .filter((path) => path !== '');
  const triplet = multiarchTriplet(stanza?.get('Architecture') ?? '');
  const loader = new LibraryLoader(rootfs, { libraryPath, triplet });
  const [program, script] = programAndScript(declaration?.command ?? []);
  const searchPath = searchPathOf(declaration);
  const chain: ProgramChain =
    program === undefined ? { nodes: [] } : programChain(rootfs, program, searchPath);
  const scripted = script === undefined ? undefined : rootfs.at(script);
  const nodes = [...chain.nodes, ...(scripted === undefined ? [] : [scripted])];
  const files = new Set(nodes.map(({ path }) => path));
  const missing: MissingLibrary[] = [];
  for (const node of nodes) {
    const loaded = loader.load(node);
    for (const path of loaded.loaded) files.add(path);
    missing.push(...loaded.missing);
  }
  const started = { chain, files, missing, loader };
  known.set(subject, started);
  return started;
}

/** Whether a file is a program that somebody could start by its name. */
export function isInSearchPath(node: RootfsNode, searchPath: readonly string[]): boolean {
  return searchPath.includes(node.path.slice(0, node.path.lastIndexOf('/')) || '/');
}
