import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-forges-packets',
  family: 'capabilities',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: "the jail may send packets in a neighbour's name and read what passes by",
  explanation:
    'With a macvlan interface and CAP_NET_RAW the service can send any frame, such as ARP answers ' +
    "with its own address for the gateway's.",
  fix:
    'Leave CAP_NET_RAW out. Ping works without it, through ICMP datagram sockets, where ' +
    'net.ipv4.ping_group_range allows it.',
  references: ['capabilities(7)', 'packet(7)', 'icmp(7)'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Capabilities: NET_RAW' },
  clean: { control: 'Jail-Network: loopback\nJail-Capabilities: NET_RAW' },
  check,
};

function* check({ declaration: { network, capabilities } }: DeclaredSubject): Iterable<Found> {
  if (network !== 'macvlan' || !capabilities.includes('CAP_NET_RAW')) return;
  const message = 'CAP_NET_RAW with Network: macvlan: the service may forge packets of its neighbours';
  yield { message, context: 'CAP_NET_RAW', field: 'Capabilities', at: 'NET_RAW' };
}
