import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'build-path-embedded',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'likely',
  reads: 'deb',
  summary: 'a program holds the path that it was built at',
  explanation:
    "Every build of prodng is at the same path; elsewhere, dpkg-buildpackage on a developer's " +
    'machine for one, the same source gives other bytes. The path comes from debug information or ' +
    'assertions.',
  fix: 'Use the flags of dpkg-buildflags, which map the path away (-ffile-prefix-map).',
  references: ['dpkg-buildflags(1)', 'reproducible-builds.org'],
  triggers: {
    rootfs: {
      'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], imports: ['/build/hello/main.c'] } },
    },
  },
  clean: {
    rootfs: {
      'usr/bin/hello': {
        mode: 0o755,
        elf: { needed: ['libc.so.6'], imports: ['./main.c', '/build/helloworld/x.c'] },
      },
    },
  },
  check,
};

function* check({ deb, rootfs }: DebSubject): Iterable<Found> {
  for (const path of deb.withBuildPath) {
    if (rootfs.nodes.get(path)?.what?.kind !== 'elf') continue;
    yield { message: `${path} holds the path that it was built at`, context: path, file: path };
  }
}
