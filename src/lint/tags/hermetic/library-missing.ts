import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'library-missing',
  family: 'hermetic',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: "the command's program lacks a library",
  explanation: 'The loader would end it with "cannot open shared object file" before its first line.',
  fix:
    'Add the package with the library to Depends; dpkg-shlibdeps finds them for programs that the ' +
    'source builds.',
  references: ['ld.so(8)', 'dpkg-shlibdeps(1)'],
  triggers: {
    rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6', 'libevent-2.1.so.7'] } } },
  },
  clean: {
    rootfs: {
      'usr/bin/hello': {
        mode: 0o755,
        elf: { needed: ['libc.so.6', 'libevent-2.1.so.7'], runpath: '$ORIGIN/../lib/hello' },
      },
      'usr/lib/hello/libevent-2.1.so.7': { elf: {} },
    },
  },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  for (const { name, neededBy } of startedPrograms(subject).missing)
    yield { message: `${name}, which ${neededBy} needs, is not found`, context: name, file: neededBy };
}
