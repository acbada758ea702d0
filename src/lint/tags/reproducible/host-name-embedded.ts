import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'host-name-embedded',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'likely',
  reads: 'deb',
  summary: 'a program holds the name of the host that it was built on',
  explanation:
    'Every build of prodng is on a host that is called prodng, which is how this is noticed; elsewhere the same ' +
    'source gives other bytes. Such names come of version texts that a build makes of hostname(1), uname(1) or ' +
    'gethostname(2).',
  fix: 'Have the build take the name of the host from a variable, and set it to something fixed in debian/rules.',
  references: ['reproducible-builds.org', 'hostname(1)', 'uname(1)'],
  triggers: {
    rootfs: {
      'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], imports: ['1.0 (builder@prodng)'] } },
    },
  },
  clean: {
    rootfs: {
      'usr/bin/hello': {
        mode: 0o755,
        elf: {
          needed: ['libc.so.6'],
          imports: ['made by prodng', 'prodng_version', 'ci@prodng.example.org'],
        },
      },
    },
  },
  check,
};

function* check({ deb, rootfs }: DebSubject): Iterable<Found> {
  for (const path of deb.withHostName) {
    if (rootfs.nodes.get(path)?.what?.kind !== 'elf') continue;
    yield { message: `${path} holds the name of the host that it was built on`, context: path, file: path };
  }
}
