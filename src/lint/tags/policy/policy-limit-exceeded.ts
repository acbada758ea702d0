import { formatSize } from '../../../control/quantity.ts';
import type { Found } from '../../finding.ts';
import type { Policy } from '../../policy.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'policy-limit-exceeded',
  family: 'policy',
  severity: 'error',
  certainty: 'certain',
  reads: 'policy',
  summary: 'a limit is higher than the policy allows',
  explanation: "The site's rules say how much one jail may have at most.",
  fix: 'Declare less, or ask the owner of the policy to change it.',
  references: ['docs/lint-policy.md'],
  triggers: { control: 'Jail-Memory: 1G', policy: { format: 1, limits: { memory: '512M' } } },
  clean: { control: 'Jail-Memory: 512M', policy: { format: 1, limits: { memory: '512M' } } },
  check,
};

function* check({ declaration }: Subject, { limits }: Policy): Iterable<Found> {
  if (declaration === undefined || limits === undefined) return;
  const { memory, cpu, pids } = declaration;
  const rows = [
    ['Memory', memory, limits.memory, formatSize] as const,
    ['Cpu', cpu, limits.cpu, (value: number) => `${value}%`] as const,
    ['Pids', pids, limits.pids, String] as const,
  ];
  for (const [field, declared, most, format] of rows) {
    if (most === undefined || declared <= most) continue;
    const message = `${format(declared)} is more than the ${format(most)} that the policy allows`;
    yield { message, context: field, field };
  }
}
