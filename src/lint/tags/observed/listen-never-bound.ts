import { checkOf } from '../../observed-check.ts';
import { to } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'listen-never-bound',
  family: 'observed',
  severity: 'warning',
  certainty: 'certain',
  reads: 'profile',
  summary: 'a port was declared and nothing ever listened on it',
  explanation:
    'Jail-Listen opens the packet filter for a TCP port on which nothing listened in the whole record.',
  fix: 'Leave it out of Jail-Listen, or correct the number.',
  references: ['listen(2)'],
  triggers: { control: 'Jail-Network: loopback\nJail-Listen: 9/tcp', profile: {} },
  clean: {
    control: 'Jail-Network: loopback\nJail-Listen: 9/tcp',
    profile: { connections: [{ ...to('', 9), way: 'listens', address: undefined }] },
  },
  check: checkOf('listen-never-bound'),
};
