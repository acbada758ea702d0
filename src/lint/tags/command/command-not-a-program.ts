import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-not-a-program',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the command is neither a program nor a script',
  explanation:
    'The kernel runs ELF files and files that start with `#!`; for anything else execve fails with ' +
    '"Exec format error".',
  fix: 'Start a script with `#!` and the absolute path of its interpreter.',
  references: ['execve(2)', 'elf(5)'],
  triggers: { rootfs: { 'usr/bin/hello': { content: 'echo hello\n', mode: 0o755 } } },
  clean: {
    rootfs: {
      'usr/bin/hello': { content: '#!/usr/bin/tool\n', mode: 0o755 },
      'usr/bin/tool': { elf: {}, mode: 0o755 },
    },
  },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const { fault } = startedPrograms(subject).chain;
  if (fault?.kind !== 'not-a-program') return;
  const at = subject.declaration?.command[0] ?? '';
  const message = `${fault.path} is neither an ELF file nor a script with #!`;
  yield { message, context: fault.path, field: 'Command', at };
}
