import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'health-missing',
  family: 'health',
  severity: 'info',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'no health check',
  explanation: 'Without a check the agent knows only whether the process is there.',
  fix: 'Declare Jail-Health: an URL, a port, or a program in the jail.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Health:' },
  clean: { control: 'Jail-Health: tcp://:8080' },
  check,
};

function* check({ declaration: { listen, health } }: DeclaredSubject): Iterable<Found> {
  if (listen.length === 0 || health !== undefined) return;
  yield { message: 'the service listens, and Jail-Health declares no check of it' };
}
