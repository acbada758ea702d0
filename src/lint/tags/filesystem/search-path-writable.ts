import { isWithin } from '../../../control/jail-path.ts';
import { searchPathVariables } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'search-path-writable',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'programs or libraries are searched for where the service may write',
  explanation:
    "A library or program put there is run at the next start, instead of or beside the package's " + 'own.',
  fix: 'Leave the writable folder out of the variable.',
  references: ['ld.so(8)', 'environ(7)'],
  triggers: {
    control: 'Jail-Environment: PATH=/var/lib/hello/bin:/usr/bin\nJail-Filesystem: rw /var/lib/hello size=8M',
  },
  clean: { control: 'Jail-Environment: PATH=/usr/bin\nJail-Filesystem: rw /var/lib/hello size=8M' },
  check,
};

function* check({ declaration: { environment, filesystem } }: DeclaredSubject): Iterable<Found> {
  for (const [name, value] of Object.entries(environment)) {
    if (!searchPathVariables.has(name)) continue;
    for (const folder of value.split(':')) {
      const mount = filesystem.find((each) => each.kind !== 'ro' && isWithin(folder, each.path));
      if (mount === undefined) continue;
      const message = `${name} leads to ${folder}, where the service may write`;
      yield { message, context: name, field: 'Environment', at: `${name}=` };
    }
  }
}
