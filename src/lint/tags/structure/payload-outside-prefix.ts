import { entryFault } from '../../../archive/jail-layout.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'payload-outside-prefix',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb puts files outside of its own folder',
  explanation:
    "Whatever lies elsewhere is the host's: a unit, a cron job or a program there runs outside of " +
    'the jail.',
  fix: 'Build it with `prodng build`; everything lies below usr/lib/prodng/jails/NAME.',
  references: ['docs/architecture.md'],
  triggers: { deb: { entries: { 'etc/cron.d/hello': '* * * * * root true\n' } } },
  clean: {},
  check,
};

function* check({ deb, name }: DebSubject): Iterable<Found> {
  for (const entry of deb.entries) {
    const message = entryFault(name, entry);
    if (message !== undefined) yield { message, context: entry.path, file: entry.path };
  }
}
