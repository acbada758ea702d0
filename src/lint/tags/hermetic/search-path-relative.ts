import { searchPathVariables } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'search-path-relative',
  family: 'hermetic',
  severity: 'error',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'programs or libraries are searched for in the present folder',
  explanation:
    'An empty or relative element of a search path means wherever the process happens to be, which ' +
    'may be a place where somebody else can put a file.',
  fix: 'Write absolute folders only.',
  references: ['environ(7)', 'ld.so(8)'],
  triggers: { control: 'Jail-Environment: PATH=/usr/bin:' },
  clean: { control: 'Jail-Environment: PATH=/usr/bin:/usr/sbin' },
  check,
};

function* check({ declaration: { environment } }: DeclaredSubject): Iterable<Found> {
  for (const [name, value] of Object.entries(environment)) {
    if (!searchPathVariables.has(name)) continue;
    const relative = value.split(':').find((folder) => !folder.startsWith('/'));
    if (relative === undefined) continue;
    const what = relative === '' ? 'an empty element' : `"${relative}"`;
    const message = `${name} has ${what}, which is the folder that the process is in`;
    yield { message, context: name, field: 'Environment', at: `${name}=` };
  }
}
