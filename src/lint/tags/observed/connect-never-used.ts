import { checkOf } from '../../observed-check.ts';
import { to } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'connect-never-used',
  family: 'observed',
  severity: 'info',
  certainty: 'certain',
  reads: 'profile',
  summary: 'a peer was declared and never connected to',
  explanation:
    'Jail-Connect opens the packet filter towards a peer to which the jail never made a TCP connection in the whole record.',
  fix: 'Leave it out of Jail-Connect if the service has no need of it.',
  references: ['connect(2)'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Connect: 192.0.2.1:5432/tcp', profile: {} },
  clean: {
    control: 'Jail-Network: macvlan\nJail-Connect: 192.0.2.1:5432/tcp',
    profile: { connections: [to('192.0.2.1', 5432)] },
  },
  check: checkOf('connect-never-used'),
};
