import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-interpreter-missing',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: "the interpreter or loader of the command's program is not in the rootfs",
  explanation: 'The kernel answers "No such file or directory" although the program itself is there.',
  fix: 'Add the package with the interpreter to Depends.',
  references: ['execve(2)', 'ld.so(8)'],
  triggers: { rootfs: { 'usr/bin/hello': { content: '#!/usr/bin/python3\nprint(1)\n', mode: 0o755 } } },
  clean: {
    rootfs: {
      'usr/bin/hello': { content: '#!/usr/bin/tool -x\n', mode: 0o755 },
      'usr/bin/tool': { elf: { interpreter: '/lib64/ld-linux-x86-64.so.2' }, mode: 0o755 },
    },
  },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const { fault } = startedPrograms(subject).chain;
  if (fault?.kind !== 'missing' && fault?.kind !== 'loop') return;
  if (fault.neededBy === undefined) return;
  const message = `${fault.path}, which ${fault.neededBy} is run by, is not in the rootfs`;
  yield { message, context: fault.path, field: 'Command', at: subject.declaration?.command[0] ?? '' };
}
