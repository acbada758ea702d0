import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'pids-absurd',
  family: 'limits',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'the limit of processes is not one',
  explanation: "More than 16,384 processes exhaust the host's process table before the limit is met.",
  fix: 'Declare a few more than the service has at its busiest.',
  references: ['cgroups(7)', 'proc(5)'],
  triggers: { control: 'Jail-Pids: 100000' },
  clean: { control: 'Jail-Pids: 512' },
  check,
};

function* check({ declaration: { pids } }: DeclaredSubject): Iterable<Found> {
  if (pids <= 16_384) return;
  yield { message: `Pids ${pids}: as good as no limit`, context: String(pids), field: 'Pids' };
}
