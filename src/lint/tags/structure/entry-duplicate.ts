import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'entry-duplicate',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'duplicate path in the .deb',
  explanation:
    'Which of the two is there after unpacking depends on who unpacks; what was verified need not be ' +
    'what runs.',
  fix: 'Build it with `prodng build`.',
  references: ['tar(5)'],
  triggers: { deb: { twice: 'usr/lib/prodng/jails/hello/rootfs/usr/bin/hello' } },
  clean: {},
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  const seen = new Set<string>();
  for (const { path } of deb.entries) {
    if (seen.has(path)) yield { message: `duplicate path ${path}`, context: path, file: path };
    seen.add(path);
  }
}
