import type { Found } from '../../finding.ts';
import { lockPlace } from '../../lock-place.ts';
import type { Policy } from '../../policy.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'policy-archive',
  family: 'policy',
  severity: 'error',
  certainty: 'certain',
  reads: 'policy',
  summary: 'packages come from an archive that the policy does not allow',
  explanation:
    "The site's rules say from whose archives, by the Origin of their Release files, jails may be " + 'made.',
  fix: 'Lock again with archives that are allowed.',
  references: ['docs/lint-policy.md'],
  triggers: { policy: { format: 1, archives: { allowedOrigins: ['Example'] } } },
  clean: { policy: { format: 1, archives: { allowedOrigins: ['Debian'] } } },
  check,
};

function* check(subject: Subject, { archives }: Policy): Iterable<Found> {
  if (archives === undefined) return;
  for (const { name, origin } of subject.lock?.archives ?? []) {
    if (archives.allowedOrigins.includes(origin)) continue;
    const message = `the archive ${name} is of ${origin}, which the policy does not allow`;
    yield { message, context: origin, file: lockPlace(subject) };
  }
}
