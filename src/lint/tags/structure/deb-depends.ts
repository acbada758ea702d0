import { parseRelations } from '../../../control/relations.ts';
import { ProdngError } from '../../../error/prodng-error.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'deb-depends',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb depends on another package',
  explanation:
    'Everything a jail needs is inside. A dependency would pull packages onto the host, and have the ' +
    "jail's upgrade wait for theirs.",
  fix: 'Build it with `prodng build`, which puts the dependencies into the rootfs.',
  references: ['docs/architecture.md'],
  triggers: { deb: { control: 'Depends: python3' } },
  clean: { deb: { control: 'Depends: prodng-agent' } },
  check,
};

const fields = ['Pre-Depends', 'Depends', 'Recommends', 'Conflicts', 'Breaks', 'Replaces', 'Provides'];

function* check({ stanza }: DebSubject): Iterable<Found> {
  for (const field of fields) {
    const value = stanza?.get(field);
    if (value === undefined) continue;
    for (const name of namesIn(value)) {
      if (name === 'prodng-agent') continue;
      yield { message: `${field}: ${name}; a jail has all it needs inside`, context: name, field, at: name };
    }
  }
}

function namesIn(value: string): string[] {
  try {
    return parseRelations(value.replaceAll('\n', ' ')).flatMap((group) => group.map(({ name }) => name));
  } catch (error) {
    if (error instanceof ProdngError) return [value.trim()];
    throw error;
  }
}
