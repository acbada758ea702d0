import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'restart-never',
  family: 'health',
  severity: 'info',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'a service that listens is not started again',
  explanation: 'With Jail-Restart: no it stays away after its first crash.',
  fix: 'Leave Jail-Restart out, unless it is a job that ends by itself.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Restart: no' },
  clean: { control: 'Jail-Restart: on-failure' },
  check,
};

function* check({ declaration: { listen, restart } }: DeclaredSubject): Iterable<Found> {
  if (listen.length === 0 || restart.policy !== 'no') return;
  yield { message: 'the service listens and is not started again when it ends', field: 'Restart', at: 'no' };
}
