import { userSwitcher } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-lost-by-user-switch',
  family: 'capabilities',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'capabilities are lost when the command changes its user',
  explanation:
    'The kernel empties the permitted set when a process of root changes all its uids to others, ' +
    'capabilities(7). What is declared is ambient from the start for the user of Jail-User; a second ' +
    'change of user throws it away.',
  fix: 'Name the user in Jail-User and start the program itself.',
  references: ['capabilities(7)', 'setpriv(1)'],
  triggers: {
    control:
      'Jail-User: root\nJail-Command: /usr/sbin/runuser -u www-data -- /usr/bin/hello\nJail-Capabilities: SETUID, SETGID, SYS_NICE',
  },
  clean: { control: 'Jail-User: www-data\nJail-Command: /usr/bin/hello\nJail-Capabilities: SYS_NICE' },
  check,
};

const neededToSwitch = new Set(['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP']);

function* check({ declaration: { command, capabilities } }: DeclaredSubject): Iterable<Found> {
  const switcher = userSwitcher(command);
  const lost = capabilities.filter((capability) => !neededToSwitch.has(capability));
  if (switcher === undefined || lost.length === 0) return;
  const message = `${switcher} changes the user, and with that ${lost.join(', ')} are lost`;
  yield { message, context: switcher, field: 'Command', at: switcher };
}
