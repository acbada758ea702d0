import { portsOf } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-port-undeclared',
  family: 'network',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'the command names a port that is not in Jail-Listen',
  explanation:
    'Connections to ports that are not declared are refused, so that no client could reach the service ' +
    'there.',
  fix: 'Declare the port in Jail-Listen, or correct one of the two.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Command: /usr/bin/hello --port 9090' },
  clean: { control: 'Jail-Command: /usr/bin/hello --port 8080' },
  check,
};

function* check({ declaration: { command, listen, network } }: DeclaredSubject): Iterable<Found> {
  if (network === 'none') return;
  for (const port of portsOf(command)) {
    if (listen.some((each) => each.port === port)) continue;
    const message = `port ${port} is not in Jail-Listen: no client can connect to it`;
    yield { message, context: String(port), field: 'Command', at: String(port) };
  }
}
