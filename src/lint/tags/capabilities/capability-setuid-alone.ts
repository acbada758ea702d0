import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-setuid-alone',
  family: 'capabilities',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'only one of CAP_SETUID and CAP_SETGID is declared',
  explanation:
    'A program that changes its user drops its groups first. With one of the two only, it fails ' +
    "half-way or goes on with root's groups.",
  fix: 'Declare both, or better none: Jail-User makes the change of user unnecessary.',
  references: ['capabilities(7)', 'setgroups(2)'],
  triggers: { control: 'Jail-Capabilities: SETUID' },
  clean: { control: 'Jail-Capabilities: SETUID, SETGID' },
  check,
};

function* check({ declaration: { capabilities } }: DeclaredSubject): Iterable<Found> {
  const pair = ['CAP_SETUID', 'CAP_SETGID'];
  const [one, ...more] = pair.filter((capability) => capabilities.includes(capability));
  if (one === undefined || more.length > 0) return;
  const other = pair.find((capability) => capability !== one);
  yield {
    message: `${one} without ${other}: programs that change their user need both`,
    context: one,
    field: 'Capabilities',
    at: one.slice(4),
  };
}
