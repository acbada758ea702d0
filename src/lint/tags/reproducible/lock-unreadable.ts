import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'lock-unreadable',
  family: 'reproducible',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the lock in the .deb cannot be read',
  explanation: 'It is unknown what the rootfs was made from, and it cannot be rebuilt.',
  fix: 'Build it again with `prodng build`.',
  references: ['docs/architecture.md'],
  triggers: { deb: { entries: { 'usr/lib/prodng/jails/hello/jail.lock': 'Format: 9\n' } } },
  clean: {},
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  if (deb.lockFault === undefined) return;
  yield { message: deb.lockFault, file: `${deb.jailFolder}/jail.lock` };
}
