import { formatDuration } from '../../../control/quantity.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'health-interval-absurd',
  family: 'health',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'health is checked too rarely',
  explanation: 'With more than an hour between two checks a failure is noticed too late.',
  fix: 'Declare an interval of seconds to minutes.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Health: http://:8080/healthz interval=2h' },
  clean: { control: 'Jail-Health: http://:8080/healthz interval=10s timeout=1s' },
  check,
};

function* check({ declaration: { health } }: DeclaredSubject): Iterable<Found> {
  if (health === undefined || health.interval <= 3_600_000) return;
  const text = formatDuration(health.interval);
  yield { message: `a check every ${text}`, context: text, field: 'Health', at: 'interval=' };
}
