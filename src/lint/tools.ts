import { isInSearchPath, searchPathOf, startedPrograms } from './started-programs.ts';
import type { DebSubject } from './subject.ts';

/** Programs of a kind in the search path, links included; what the command itself runs is wanted there. */
export function* toolsInRootfs(subject: DebSubject, names: RegExp): Iterable<string> {
  const { rootfs, declaration } = subject;
  const { files } = startedPrograms(subject);
  const searchPath = searchPathOf(declaration);
  for (const node of rootfs.nodes.values()) {
    const name = node.path.slice(node.path.lastIndexOf('/') + 1);
    if (!names.test(name) || !isInSearchPath(node, searchPath)) continue;
    const target = rootfs.at(node.path);
    if (target?.type !== 'file' || (target.mode & 0o111) === 0) continue;
    if (!files.has(target.path)) yield node.path;
  }
}
