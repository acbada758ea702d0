import type { Found } from '../../finding.ts';
import { lockPlace } from '../../lock-place.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'package-vulnerable',
  family: 'outdated',
  severity: 'warning',
  certainty: 'likely',
  reads: 'archive',
  summary: 'the security archive has a newer version of a locked package',
  explanation:
    'What the security archive replaces has a flaw that is known to everybody. A jail keeps the old ' +
    'version until it is built again.',
  fix: 'Run `prodng lock --update` and `prodng build`, and roll the new version out.',
  references: ['Debian security FAQ', 'docs/architecture.md'],
  triggers: { archive: { libc6: '2.36-9+deb12u99' } },
  clean: { archive: { libc6: '2.36-9+deb12u4' } },
  check,
};

function* check(subject: Subject): Iterable<Found> {
  for (const { name, locked, newest, security, archive } of subject.newer ?? []) {
    if (!security) continue;
    const message = `${name} ${locked} is locked; ${archive} has ${newest}`;
    yield { message, context: name, file: lockPlace(subject) };
  }
}
