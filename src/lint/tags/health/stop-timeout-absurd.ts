import { formatDuration } from '../../../control/quantity.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'stop-timeout-absurd',
  family: 'health',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'stopping takes no time, or far too long',
  explanation:
    'Less than 100ms is no time to end work; an upgrade that waits for more than ten minutes looks ' +
    'as if it hung.',
  fix: 'Declare as much as the service needs at its busiest, some seconds to minutes.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Stop: SIGTERM 30min' },
  clean: { control: 'Jail-Stop: SIGTERM 30s' },
  check,
};

function* check({ declaration: { stop } }: DeclaredSubject): Iterable<Found> {
  if (stop.timeout >= 100 && stop.timeout <= 600_000) return;
  const text = formatDuration(stop.timeout);
  const why = stop.timeout < 100 ? 'no time to end its work' : 'as good as for ever';
  yield { message: `Stop after ${text}: ${why}`, context: text, field: 'Stop' };
}
