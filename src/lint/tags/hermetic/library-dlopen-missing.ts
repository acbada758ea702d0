import type { Found } from '../../finding.ts';
import { startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'library-dlopen-missing',
  family: 'hermetic',
  severity: 'info',
  certainty: 'likely',
  reads: 'deb',
  summary: 'a library that a program says it opens at run time is not in the rootfs',
  explanation:
    'Programs name the libraries that they open with dlopen(3) in a note, with how much they need ' +
    'them. Without those that are required the program fails at some later time.',
  fix: 'Add the package with the library to Depends if the service uses the feature.',
  references: ['dlopen(3)', 'UAPI group specification "ELF dlopen metadata"'],
  triggers: {
    rootfs: {
      'usr/bin/hello': {
        mode: 0o755,
        elf: {
          needed: ['libc.so.6'],
          dlopen: '[{"soname":["libgone.so.1"],"feature":"x","priority":"required"}]',
        },
      },
    },
  },
  clean: {
    rootfs: {
      'usr/bin/hello': {
        mode: 0o755,
        elf: {
          needed: ['libc.so.6'],
          dlopen: '[{"soname":["libc.so.6"],"feature":"x","priority":"required"}]',
        },
      },
    },
  },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const { files } = startedPrograms(subject);
  const present = new Set<string>();
  for (const { path, type } of subject.rootfs.nodes.values())
    if (type !== 'directory') present.add(path.slice(path.lastIndexOf('/') + 1));
  for (const path of files) {
    const what = subject.rootfs.nodes.get(path)?.what;
    if (what?.kind !== 'elf') continue;
    for (const { sonames, feature, priority } of what.elf.dlopen) {
      if (priority === 'suggested' || sonames.some((name) => present.has(name))) continue;
      const message = `${sonames.join(' or ')} (${priority}, for ${feature || 'a feature'}) is not in the rootfs`;
      yield { message, context: `${path} ${sonames[0] ?? ''}`, file: path };
    }
  }
}
