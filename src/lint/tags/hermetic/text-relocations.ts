import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'text-relocations',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the loader must change the code of a program',
  explanation: 'Text relocations make code writable while it is loaded, and no two processes share it.',
  fix: 'Compile with -fPIC or -fPIE.',
  references: ['ld.so(8)', 'Policy 10.2'],
  triggers: {
    rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], textRelocations: true } } },
  },
  clean: { rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'] } } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  for (const path of startedPrograms(subject).files) {
    const what = subject.rootfs.nodes.get(path)?.what;
    if (what?.kind !== 'elf' || !what.elf.textRelocations) continue;
    yield { message: `${path} has text relocations`, context: path, file: path };
  }
}
