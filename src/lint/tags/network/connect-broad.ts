import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'connect-broad',
  family: 'network',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'a rule of egress allows a very large part of a network',
  explanation: "A block of more than 65,536 IPv4 addresses or all of a protocol's is as good as `any`.",
  fix: 'Name the hosts, or the smallest block that holds them.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Connect: 0.0.0.0/0:443/tcp' },
  clean: { control: 'Jail-Network: macvlan\nJail-Connect: 192.0.2.0/24:443/tcp' },
  check,
};

function* check({ declaration: { connect } }: DeclaredSubject): Iterable<Found> {
  for (const rule of connect) {
    if (rule.kind !== 'host') continue;
    const bits = /\/(\d+)$/.exec(rule.host)?.[1];
    if (bits === undefined || Number(bits) >= (rule.host.includes(':') ? 32 : 16)) continue;
    const message = `${rule.host}: a block of that size is as good as any`;
    yield { message, context: rule.host, field: 'Connect', at: rule.host };
  }
}
