import { formatSize } from '../../../control/quantity.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'memory-absurd',
  family: 'limits',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'the memory limit is not one',
  explanation: 'With less than 2M no program of Debian starts; with 256G or more the limit has no effect.',
  fix: 'Measure what the service needs (`prodng top`), and declare some more than that.',
  references: ['cgroups(7)'],
  triggers: { control: 'Jail-Memory: 1M' },
  clean: { control: 'Jail-Memory: 8M' },
  check,
};

const least = 2 * 2 ** 20;
const most = 256 * 2 ** 30;

function* check({ declaration: { memory } }: DeclaredSubject): Iterable<Found> {
  if (memory >= least && memory < most) return;
  const why = memory < least ? 'no program starts in so little' : 'as good as no limit';
  yield { message: `Memory ${formatSize(memory)}: ${why}`, context: formatSize(memory), field: 'Memory' };
}
