import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'port-duplicate',
  family: 'network',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a port is declared twice',
  explanation: 'Repetitions suggest that the list was not reviewed.',
  fix: 'Leave one of them out; `prodng lint --fix` does it.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Listen: 8080/tcp, 8080/tcp' },
  clean: { control: 'Jail-Listen: 8080/tcp, 8080/udp' },
};
