import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'time-after-epoch',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'an entry is younger than the package',
  explanation:
    'No time in a package is later than SOURCE_DATE_EPOCH, the time of its newest changelog entry. A ' +
    "later one is a clock's, and the next build has another.",
  fix: 'Build it with `prodng build`, which clamps times.',
  references: ['SOURCE_DATE_EPOCH specification', 'Policy 4.17'],
  triggers: { rootfs: { 'usr/share/hello/data': { content: 'x', later: 3600 } } },
  clean: { rootfs: { 'usr/share/hello/data': { content: 'x', later: -3600 } } },
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  for (const { path, mtime } of deb.entries) {
    if (mtime <= deb.epoch) continue;
    const message = `${path} is ${mtime - deb.epoch} s younger than the package`;
    yield { message, context: path, file: path };
  }
}
