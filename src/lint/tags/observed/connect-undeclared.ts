import { checkOf } from '../../observed-check.ts';
import { to } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'connect-undeclared',
  family: 'observed',
  severity: 'warning',
  certainty: 'certain',
  reads: 'profile',
  summary: 'a connection was tried that is not declared',
  explanation:
    'The jail tried to connect to a peer that Jail-Connect does not name. The packet filter rejects such a connection, which fails with EHOSTUNREACH; other errors come from the network.',
  fix: 'Declare the peer in Jail-Connect, or configure the service not to try.',
  references: ['connect(2)'],
  triggers: { profile: { connections: [{ ...to('192.0.2.1', 80), way: 'failed', error: 'EHOSTUNREACH' }] } },
  clean: { profile: { connections: [to('127.0.0.1', 80)] } },
  check: checkOf('connect-undeclared'),
};
