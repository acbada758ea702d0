import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-ineffective',
  family: 'capabilities',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'the capability can never work in a jail',
  explanation:
    "The kernel checks it against the host's user namespace, and a jail has one of its own. " +
    'Declaring it grants nothing, and hides that the service expects what it will not get.',
  fix: 'Leave it out, and do without what it is for; `prodng lint --fix` drops it.',
  references: ['capabilities(7)', 'user_namespaces(7)'],
  triggers: { control: 'Jail-Capabilities: SYS_TIME' },
  clean: { control: 'Jail-Capabilities: CHOWN' },
};
