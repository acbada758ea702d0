import type { Found } from '../../finding.ts';
import type { SourceSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'lock-missing-in-source',
  family: 'reproducible',
  severity: 'info',
  certainty: 'certain',
  reads: 'source',
  summary: 'the source has no lock',
  explanation:
    'Without debian/jail.lock a build takes what the archives have at that moment. The next one may ' +
    'take something else.',
  fix: 'Run `prodng lock`, and commit debian/jail.lock.',
  references: ['docs/architecture.md'],
  triggers: { source: { 'debian/jail.lock': null } },
  clean: {},
  check,
};

function* check({ lock, lockFaults }: SourceSubject): Iterable<Found> {
  if (lock !== undefined || lockFaults.length > 0) return;
  yield {
    message: 'there is no debian/jail.lock; the first prodng build makes it',
    file: 'debian/jail.lock',
  };
}
