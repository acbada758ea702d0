import type { Found } from '../../finding.ts';
import { isInSearchPath, searchPathOf, startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'library-missing-in-program',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a program that is not the command lacks a library',
  explanation: 'It ends with "cannot open shared object file" when somebody starts it.',
  fix: 'Add the package with the library to Depends, or leave the program out (Jail-Prune).',
  references: ['ld.so(8)'],
  triggers: { rootfs: { 'usr/bin/tool': { mode: 0o755, elf: { needed: ['libc.so.6', 'libgone.so.1'] } } } },
  clean: { rootfs: { 'usr/bin/tool': { mode: 0o755, elf: { needed: ['libc.so.6'] } } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const { files, loader } = startedPrograms(subject);
  const searchPath = searchPathOf(subject.declaration);
  for (const node of subject.rootfs.nodes.values()) {
    if (node.what?.kind !== 'elf' || files.has(node.path) || !isInSearchPath(node, searchPath)) continue;
    for (const { name, neededBy } of loader.load(node).missing) {
      const message = `${name}, which ${neededBy} needs, is not found`;
      yield { message, context: `${node.path} ${name}`, file: node.path };
    }
  }
}
