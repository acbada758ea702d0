import type { Found } from '../../finding.ts';
import { lockPlace } from '../../lock-place.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'package-outdated',
  family: 'outdated',
  severity: 'info',
  certainty: 'certain',
  reads: 'archive',
  summary: 'the archive has a newer version of a locked package',
  explanation: 'The newest version in a stable release has fixes that the locked one lacks.',
  fix: 'Run `prodng lock --update` and `prodng build` when it suits.',
  references: ['docs/architecture.md'],
  triggers: { archive: { libc6: '2.36-9+deb12u5', from: 'debian' } },
  clean: { archive: { libc6: '2.36-9+deb12u3', from: 'debian' } },
  check,
};

function* check(subject: Subject): Iterable<Found> {
  for (const { name, locked, newest, security, archive } of subject.newer ?? []) {
    if (security) continue;
    const message = `${name} ${locked} is locked; ${archive} has ${newest}`;
    yield { message, context: name, file: lockPlace(subject) };
  }
}
