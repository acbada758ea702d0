import { isWithin } from '../../../control/jail-path.ts';
import { programAndScript } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-writable',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the program lies where the service may write',
  explanation: 'An attacker who controls the service can replace its program, and persists across restarts.',
  fix: 'Install the program below /usr, and declare only its data writable.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Command: /srv/hello/hello\nJail-Filesystem: rw /srv/hello size=8M' },
  clean: { control: 'Jail-Command: /usr/bin/hello\nJail-Filesystem: rw /srv/hello size=8M' },
  check,
};

function* check({ declaration: { command, filesystem } }: DeclaredSubject): Iterable<Found> {
  for (const path of programAndScript(command)) {
    const mount = filesystem.find((each) => each.kind !== 'ro' && isWithin(path, each.path));
    if (mount === undefined) continue;
    const message = `${path} lies in ${mount.path}, where the service may write`;
    yield { message, context: path, field: 'Command', at: path };
  }
}
