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
  summary: 'health is asked for far too often or too rarely',
  explanation:
    'Several checks a second are load of their own; with more than an hour between them no ' +
    'learns of a failure in time.',
  fix: 'Declare an interval from a second to some minutes.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Health: http://:8080/healthz interval=100ms timeout=50ms' },
  clean: { control: 'Jail-Health: http://:8080/healthz interval=10s timeout=1s' },
  check,
};

function* check({ declaration: { health } }: DeclaredSubject): Iterable<Found> {
  if (health === undefined || (health.interval >= 1000 && health.interval <= 3_600_000)) return;
  const text = formatDuration(health.interval);
  yield { message: `a check every ${text}`, context: text, field: 'Health', at: 'interval=' };
}
