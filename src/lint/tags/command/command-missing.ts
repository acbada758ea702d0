import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-missing',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the program of the command is not in the rootfs',
  explanation: 'The jail would end at once with "No such file or directory".',
  fix: 'Correct the path in Jail-Command, or add the package that has the program to Depends.',
  references: ['execve(2)'],
  triggers: { control: 'Jail-Command: /usr/bin/hallo' },
  clean: {},
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const { fault } = startedPrograms(subject).chain;
  if (fault?.kind !== 'missing' && fault?.kind !== 'loop') return;
  if (fault.neededBy !== undefined) return;
  const { path } = fault;
  const why = fault.kind === 'loop' ? 'leads round in a circle' : 'is not in the rootfs';
  yield { message: `${path} ${why}`, context: path, field: 'Command', at: path };
}
