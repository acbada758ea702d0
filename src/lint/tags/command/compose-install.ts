import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'compose-install',
  family: 'command',
  severity: 'info',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'maintainer scripts shape the rootfs',
  explanation:
    "With Jail-Compose: install the packages' scripts run in the throwaway jail at build time. What " +
    'they leave depends on them; not all of them are reproducible.',
  fix: 'Try whether `extract` is enough, and ship what is missing as a file.',
  references: ['docs/control-fields.md', 'Policy 6'],
  triggers: { control: 'Jail-Compose: install' },
  clean: { control: 'Jail-Compose: extract' },
  check,
};

function* check({ declaration: { compose } }: DeclaredSubject): Iterable<Found> {
  if (compose !== 'install') return;
  yield { message: 'maintainer scripts make a part of the rootfs', field: 'Compose', at: 'install' };
}
