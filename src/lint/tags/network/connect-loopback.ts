import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'connect-loopback',
  family: 'network',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'egress to the loopback interface is declared',
  explanation:
    "127.0.0.1 and ::1 are the jail's own, not the host's: such a rule allows nothing. A service " +
    "that hopes to reach one of the host's will not.",
  fix: 'Name the address under which the other service is reached on the network.',
  references: ['network_namespaces(7)'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Connect: 127.0.0.1:5432/tcp' },
  clean: { control: 'Jail-Network: macvlan\nJail-Connect: 192.0.2.7:5432/tcp' },
  check,
};

function* check({ declaration: { connect } }: DeclaredSubject): Iterable<Found> {
  for (const rule of connect) {
    if (rule.kind !== 'host' || !/^(?:127\.|::1$|localhost$)/.test(rule.host)) continue;
    const message = `${rule.host} is the jail itself; nothing of the host answers there`;
    yield { message, context: rule.host, field: 'Connect', at: rule.host };
  }
}
