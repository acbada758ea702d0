import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-takes-address',
  family: 'capabilities',
  severity: 'error',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the jail may take over the address of a neighbour',
  explanation:
    'With a macvlan interface and CAP_NET_ADMIN the service can give itself any MAC and IP address ' +
    'of the network, and with that answer in the name of every other machine there.',
  fix:
    'Leave CAP_NET_ADMIN out: the interface is configured from outside. A service that needs ' +
    'interfaces of its own can have them on loopback.',
  references: ['capabilities(7)', 'ip-link(8)'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Capabilities: NET_ADMIN' },
  clean: { control: 'Jail-Network: loopback\nJail-Capabilities: NET_ADMIN' },
  check,
};

function* check({ declaration: { network, capabilities } }: DeclaredSubject): Iterable<Found> {
  if (network !== 'macvlan' || !capabilities.includes('CAP_NET_ADMIN')) return;
  const message = 'CAP_NET_ADMIN with Network: macvlan: the service may take any address of the network';
  yield { message, context: 'CAP_NET_ADMIN', field: 'Capabilities', at: 'NET_ADMIN' };
}
