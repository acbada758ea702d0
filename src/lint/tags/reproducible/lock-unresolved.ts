import type { Found } from '../../finding.ts';
import type { SourceSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'lock-unresolved',
  family: 'reproducible',
  severity: 'info',
  certainty: 'certain',
  reads: 'source',
  summary: 'the rootfs is not locked yet',
  explanation:
    "The lock was made before the first build, from which alone the package's real dependencies are " +
    'known.',
  fix: 'Run `prodng build`, and commit debian/jail.lock.',
  references: ['docs/architecture.md'],
  triggers: {
    source: {
      'debian/jail.lock':
        'Format: 1\nArchitecture: amd64\nBuild-Depends: debhelper-compat (= 13)\nDepends: ${misc:Depends}\n\nArchive: debian\nOrigin: Debian\nCodename: bookworm\nDate: Sat, 10 Feb 2024 11:07:25 UTC\nComponents: main\n',
    },
  },
  clean: {},
  check,
};

function* check({ lock }: SourceSubject): Iterable<Found> {
  if (lock === undefined || lock.builtDepends !== undefined) return;
  yield { message: 'it holds the build root only; prodng build adds the rootfs', file: 'debian/jail.lock' };
}
