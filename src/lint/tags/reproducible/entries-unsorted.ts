import { packagesFor } from '../../../lock/lock.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'entries-unsorted',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the entries are in no order',
  explanation:
    'prodng writes folders first and then the files of each package, both sorted. Another order is ' +
    "that of some disk's folders, which the next build will not have.",
  fix: 'Build it with `prodng build`.',
  references: ['docs/architecture.md'],
  triggers: { deb: { order: 'swapped' } },
  clean: {},
  check,
};

function* check({ deb, lock }: DebSubject): Iterable<Found> {
  // a run each for the locked packages, the built one, what prodng adds, and the lock
  const allowed = (lock === undefined ? 1000 : packagesFor(lock, 'rootfs').length) + 3;
  const files = deb.entries.filter(({ type }) => type !== 'directory');
  let runs = 1;
  for (let index = 1; index < files.length; index += 1) {
    const here = files[index]?.path ?? '';
    if (here > (files[index - 1]?.path ?? '')) continue;
    runs += 1;
    if (runs <= allowed) continue;
    yield { message: `${here} and the entries before it are not sorted`, file: here };
    return;
  }
}
