import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'connect-any',
  family: 'network',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the service may connect to everything',
  explanation:
    'Egress without limits is what an intruder needs most: to fetch tools, to send out what was ' +
    'found, to go on to the neighbours.',
  fix: 'List the hosts and ports that the service talks to.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Connect: any' },
  clean: { control: 'Jail-Network: macvlan\nJail-Connect: db.example.org:5432/tcp' },
  check,
};

function* check({ declaration: { connect } }: DeclaredSubject): Iterable<Found> {
  if (!connect.some(({ kind }) => kind === 'any')) return;
  const message = 'any: the service may connect to every host and port';
  yield { message, context: 'any', field: 'Connect', at: 'any' };
}
