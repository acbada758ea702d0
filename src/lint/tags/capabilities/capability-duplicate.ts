import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-duplicate',
  family: 'capabilities',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a capability is declared twice',
  explanation: 'Repetitions suggest that the list was not reviewed.',
  fix: 'Leave one of them out; `prodng lint --fix` does it.',
  references: ['capabilities(7)'],
  triggers: { control: 'Jail-Capabilities: CHOWN, CAP_CHOWN' },
  clean: { control: 'Jail-Capabilities: CHOWN' },
};
