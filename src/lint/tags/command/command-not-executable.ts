import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-not-executable',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the program of the command may not be executed',
  explanation: 'The jail would end at once with "Permission denied".',
  fix: "Install the program with mode 0755, and give a folder's program instead of the folder.",
  references: ['execve(2)'],
  triggers: { rootfs: { 'usr/bin/hello': { elf: {}, mode: 0o644 } } },
  clean: { rootfs: { 'usr/bin/hello': { elf: {}, mode: 0o755 } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const { fault, nodes } = startedPrograms(subject).chain;
  const command = subject.declaration?.command[0] ?? '';
  if (fault?.kind === 'not-executable' || fault?.kind === 'not-a-file') {
    const why = fault.kind === 'not-a-file' ? 'is not a regular file' : 'has no executable bit';
    yield { message: `${fault.path} ${why}`, context: fault.path, field: 'Command', at: command };
    return;
  }
  // files of a rootfs are root's: others need the bit for others
  if (subject.declaration?.user === 'root') return;
  const closed = nodes.find(({ mode }) => (mode & 0o001) === 0 || (mode & 0o004) === 0);
  if (closed === undefined || (closed.what?.kind !== 'script' && (closed.mode & 0o001) !== 0)) return;
  const message = `${closed.path} may be run by root only, and the service runs as ${subject.declaration?.user}`;
  yield { message, context: closed.path, field: 'Command', at: command };
}
