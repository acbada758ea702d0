import { isWithin } from '../../../control/jail-path.ts';
import type { Found } from '../../finding.ts';
import type { Policy } from '../../policy.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'policy-host-path',
  family: 'policy',
  severity: 'error',
  certainty: 'certain',
  reads: 'policy',
  summary: 'the policy does not allow a host path',
  explanation: "The site's rules say which of the host's files jails may see.",
  fix: 'Remove it, or ask the owner of the policy to change it.',
  references: ['docs/lint-policy.md'],
  triggers: {
    control: 'Jail-Filesystem: ro /srv/secret /etc/secret',
    policy: { format: 1, hostPaths: { allowed: ['/srv/certificates'] } },
  },
  clean: {
    control: 'Jail-Filesystem: ro /srv/certificates/hello /etc/tls',
    policy: { format: 1, hostPaths: { allowed: ['/srv/certificates'] } },
  },
  check,
};

function* check({ declaration }: Subject, { hostPaths }: Policy): Iterable<Found> {
  if (hostPaths === undefined) return;
  for (const mount of declaration?.filesystem ?? []) {
    if (mount.kind !== 'ro' || hostPaths.allowed.some((path) => isWithin(mount.hostPath, path))) continue;
    const message = `${mount.hostPath} of the host is not allowed by the policy`;
    yield { message, context: mount.hostPath, field: 'Filesystem', at: mount.hostPath };
  }
}
