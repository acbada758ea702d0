import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'dns-without-egress',
  family: 'network',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the service may resolve names and connect to none of them',
  explanation:
    'Jail-Connect allows the resolvers and nothing else. Either a host is missing, or the name ' +
    'service is not needed; alone it is a way to carry data out.',
  fix:
    'Add the hosts that the service talks to, or leave `dns` out. Names in Jail-Connect are resolved ' +
    'without it.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Connect: dns' },
  clean: { control: 'Jail-Network: macvlan\nJail-Connect: dns, db.example.org:5432/tcp' },
  check,
};

function* check({ declaration: { connect } }: DeclaredSubject): Iterable<Found> {
  if (connect.length === 0 || connect.some(({ kind }) => kind !== 'dns')) return;
  const message = 'dns alone: names can be resolved, and no host can be reached';
  yield { message, context: 'dns', field: 'Connect', at: 'dns' };
}
