import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'user-root',
  family: 'command',
  severity: 'info',
  certainty: 'certain',
  reads: 'declaration',
  summary: "the service runs as the jail's root",
  explanation:
    'It has no rights on the host, but owns every file of the jail, and each capability that is declared ' +
    'is one that all its children have.',
  fix: 'Leave Jail-User out, or name the user of the service.',
  references: ['user_namespaces(7)'],
  triggers: { control: 'Jail-User: root' },
  clean: { control: 'Jail-User: www-data' },
  check,
};

function* check({ declaration: { user } }: DeclaredSubject): Iterable<Found> {
  if (user !== 'root') return;
  yield { message: 'the service runs as root of its jail', context: 'root', field: 'User', at: 'root' };
}
