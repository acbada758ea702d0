import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'writable-code',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a segment of a program is writable and executable',
  explanation: 'Code that can write to memory can change the program.',
  fix: 'Link with a stock linker script, and without `-N` or `-z noseparate-code` tricks.',
  references: ['elf(5)'],
  triggers: {
    rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], writableCode: true } } },
  },
  clean: { rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'] } } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  for (const path of startedPrograms(subject).files) {
    const what = subject.rootfs.nodes.get(path)?.what;
    if (what?.kind !== 'elf' || !what.elf.writableCode) continue;
    yield { message: `${path} has a segment that is writable and executable`, context: path, file: path };
  }
}
