import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'cpu-absurd',
  family: 'limits',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'the limit of processor time is not one',
  explanation:
    'With a few percent of a CPU a service does not start in time; with more than 64 CPUs the limit ' +
    'has no effect.',
  fix: 'Declare what the service may use: `100%` is one CPU.',
  references: ['cgroups(7)'],
  triggers: { control: 'Jail-Cpu: 1%' },
  clean: { control: 'Jail-Cpu: 200%' },
  check,
};

function* check({ declaration: { cpu } }: DeclaredSubject): Iterable<Found> {
  if (cpu >= 2 && cpu <= 6400) return;
  const why = cpu < 2 ? 'too little to start in time' : 'as good as no limit';
  yield { message: `Cpu ${cpu}%: ${why}`, context: `${cpu}%`, field: 'Cpu' };
}
