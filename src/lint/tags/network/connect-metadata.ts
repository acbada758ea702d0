import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'connect-metadata',
  family: 'network',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: "the service may ask the cloud's metadata service",
  explanation: 'At 169.254.169.254 many clouds give the credentials of the machine to any process on it.',
  fix: 'Give the service its own credentials.',
  references: ['RFC 3927'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Connect: 169.254.169.254:80/tcp' },
  clean: { control: 'Jail-Network: macvlan\nJail-Connect: 192.0.2.1:80/tcp' },
  check,
};

const metadata = /^(?:169\.254\.\d+\.\d+(?:\/\d+)?|fd00:ec2::254|metadata\.google\.internal)$/i;

function* check({ declaration: { connect } }: DeclaredSubject): Iterable<Found> {
  for (const rule of connect) {
    if (rule.kind !== 'host' || !metadata.test(rule.host)) continue;
    const message = `${rule.host}: the metadata service hands out credentials of the machine`;
    yield { message, context: rule.host, field: 'Connect', at: rule.host };
  }
}
