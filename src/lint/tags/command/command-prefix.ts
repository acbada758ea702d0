import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-prefix',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: "the command starts with a prefix of systemd's",
  explanation:
    'The prefixes @ - + ! : of ExecStart= have no meaning here; + and ! would ask for rights that a ' +
    'jail has not.',
  fix: 'Leave the prefix out.',
  references: ['systemd.service(5)'],
  triggers: { control: 'Jail-Command: -/usr/bin/hello' },
  clean: { control: 'Jail-Command: /usr/bin/hello' },
};
