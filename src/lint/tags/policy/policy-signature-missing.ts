import type { Found } from '../../finding.ts';
import type { Policy } from '../../policy.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'policy-signature-missing',
  family: 'policy',
  severity: 'error',
  certainty: 'certain',
  reads: 'policy',
  summary: 'the .deb lacks a signature that the policy wants',
  explanation:
    "The site's rules say which signatures every jail carries. Whether they are good is for `prodng " +
    'verify` to say.',
  fix: 'Sign it: `prodng sign`.',
  references: ['debsigs(1)', 'docs/lint-policy.md'],
  triggers: { rootfs: {}, policy: { format: 1, signatures: { required: ['origin'] } } },
  clean: { rootfs: {}, policy: { format: 1, signatures: { required: [] } } },
  check,
};

function* check(subject: Subject, { signatures }: Policy): Iterable<Found> {
  if (subject.kind !== 'deb') return;
  for (const kind of signatures?.required ?? []) {
    if (subject.deb.members.includes(`_gpg${kind}`)) continue;
    yield { message: `there is no signature of kind ${kind}`, context: kind, file: `_gpg${kind}` };
  }
}
