import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'md5sums-missing',
  family: 'structure',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb has no md5sums',
  explanation: '`dpkg --verify` and debsums compare an installed package with that file.',
  fix: 'Build it with `prodng build`.',
  references: ['deb-md5sums(5)'],
  triggers: { deb: { controlFiles: { md5sums: null } } },
  clean: {},
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  if (deb.controlFiles.has('md5sums')) return;
  yield { message: 'there is no md5sums beside the control file', file: 'md5sums' };
}
