import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'executable-stack',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a program or library of the command wants an executable stack',
  explanation:
    "With it every overflow of a buffer on the stack runs the attacker's code. One library that asks " +
    'for it decides for the whole process.',
  fix: 'Build assembler files with `.section .note.GNU-stack,"",@progbits`; link with `-z noexecstack`.',
  references: ['elf(5)', 'execstack(8)'],
  triggers: {
    rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], executableStack: true } } },
  },
  clean: { rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'] } } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  for (const path of startedPrograms(subject).files) {
    const what = subject.rootfs.nodes.get(path)?.what;
    if (what?.kind !== 'elf' || !what.elf.executableStack) continue;
    yield { message: `${path} asks for an executable stack`, context: path, file: path };
  }
}
