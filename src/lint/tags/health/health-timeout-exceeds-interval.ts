import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'health-timeout-exceeds-interval',
  family: 'health',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a health check may take longer than the time between two of them',
  explanation: 'Checks of a slow service would pile up.',
  fix: 'Make the timeout at most as long as the interval.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Health: http://:8080/healthz interval=5s timeout=10s' },
  clean: { control: 'Jail-Health: http://:8080/healthz interval=10s timeout=5s' },
};
