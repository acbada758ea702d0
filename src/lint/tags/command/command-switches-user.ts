import { userSwitcher } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-switches-user',
  family: 'command',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the command runs a program that changes the user',
  explanation:
    'su and sudo need set-uid bits that no_new_privs makes ineffective; the others need capabilities ' +
    'that Jail-User makes unnecessary.',
  fix: 'Name the user in Jail-User and start the program itself.',
  references: ['docs/control-fields.md', 'prctl(2)'],
  triggers: { control: 'Jail-Command: /usr/bin/sudo -u www-data /usr/bin/hello' },
  clean: { control: 'Jail-User: www-data\nJail-Command: /usr/bin/hello' },
  check,
};

function* check({ declaration: { command } }: DeclaredSubject): Iterable<Found> {
  const switcher = userSwitcher(command);
  if (switcher === undefined) return;
  const message = `${switcher} changes the user; that is what Jail-User is for`;
  yield { message, context: switcher, field: 'Command', at: switcher };
}
