import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'health-port-undeclared',
  family: 'health',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the health check asks a port that is not in Jail-Listen',
  explanation:
    'Either the port is wrong, and the service would count as ill for ever, or the list of ports is ' +
    'not complete.',
  fix: 'Make the port of Jail-Health one of Jail-Listen.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Health: http://:9090/healthz' },
  clean: { control: 'Jail-Health: http://:8080/healthz' },
  check,
};

function* check({ declaration: { listen, health } }: DeclaredSubject): Iterable<Found> {
  if (health === undefined || health.kind === 'command') return;
  const { port } = health;
  if (listen.some((each) => each.port === port && each.protocol === 'tcp')) return;
  const message = `port ${port}/tcp is not in Jail-Listen`;
  yield { message, context: String(port), field: 'Health', at: String(port) };
}
