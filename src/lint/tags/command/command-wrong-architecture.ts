import { machineName, runsOn } from '../../elf/machines.ts';
import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-wrong-architecture',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: "the command's program is for another architecture",
  explanation: 'The kernel answers "Exec format error".',
  fix: 'Build it for the architecture of the package.',
  references: ['elf(5)', 'Policy 5.6.8'],
  triggers: { rootfs: { 'usr/bin/hello': { elf: { machine: 183 }, mode: 0o755 } } },
  clean: { rootfs: { 'usr/bin/hello': { elf: { machine: 62 }, mode: 0o755 } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const architecture = subject.stanza?.get('Architecture') ?? '';
  for (const { path, what } of startedPrograms(subject).chain.nodes) {
    if (what?.kind !== 'elf' || runsOn(architecture, what.elf)) continue;
    const message = `${path} is for ${machineName(what.elf)}, the package for ${architecture}`;
    yield { message, context: path, field: 'Command', at: subject.declaration?.command[0] ?? '' };
  }
}
