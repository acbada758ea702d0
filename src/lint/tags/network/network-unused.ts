import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'network-unused',
  family: 'network',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the jail has an interface on the network and no use for it',
  explanation:
    'With neither Jail-Listen nor Jail-Connect every packet is dropped; the address and the ' +
    'interface are there for nothing.',
  fix: 'Declare Jail-Network: none or loopback, or the ports and hosts that are missing.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Listen:\nJail-Health:' },
  clean: { control: 'Jail-Network: macvlan' },
  check,
};

function* check({ declaration: { network, listen, connect } }: DeclaredSubject): Iterable<Found> {
  if (network !== 'macvlan' || listen.length > 0 || connect.length > 0) return;
  const message = 'macvlan without Listen and Connect: an interface over which nothing may pass';
  yield { message, context: network, field: 'Network', at: network };
}
