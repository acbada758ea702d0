import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'lock-missing',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb does not say what it was made from',
  explanation:
    'jail.lock beside the rootfs names every package of it by its SHA-256: what `prodng verify ' +
    '--rebuild` starts from.',
  fix: 'Build it with `prodng build`.',
  references: ['docs/architecture.md'],
  triggers: { deb: { entries: { 'usr/lib/prodng/jails/hello/jail.lock': null } } },
  clean: {},
  check,
};

function* check({ deb, lock }: DebSubject): Iterable<Found> {
  if (lock !== undefined || deb.lockFault !== undefined) return;
  yield { message: 'no jail.lock next to the rootfs', file: `${deb.jailFolder}/jail.lock` };
}
