import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-not-absolute',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'the command is not an absolute path',
  explanation: 'The program is started directly, without a shell and without a search through PATH.',
  fix: "Write the program's absolute path in the jail.",
  references: ['execve(2)'],
  triggers: { control: 'Jail-Command: hello --port 8080' },
  clean: { control: 'Jail-Command: /usr/bin/hello --port 8080' },
};
