import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'deb-essential',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb claims to be essential to the host',
  explanation: 'dpkg and apt refuse to remove essential and protected packages. No jail is one.',
  fix: 'Leave the field out.',
  references: ['Policy 5.6.9'],
  triggers: { deb: { control: 'Essential: yes' } },
  clean: { deb: { control: 'Priority: optional' } },
  check,
};

function* check({ stanza }: DebSubject): Iterable<Found> {
  for (const field of ['Essential', 'Protected', 'Important']) {
    if (stanza?.get(field)?.trim() !== 'yes') continue;
    yield { message: `${field}: yes; a jail must be removable`, context: field, field, at: 'yes' };
  }
}
