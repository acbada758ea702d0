import { programName } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-shell-string',
  family: 'command',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the command is a line for a shell',
  explanation:
    'A shell as the first process takes the signals that are meant for the service, needs a shell in ' +
    'the rootfs, and parses the line by rules of its own.',
  fix:
    'Start the program itself; put what must happen before it into the program, or into a script ' +
    'with `exec` at its end.',
  references: ['docs/control-fields.md', 'sh(1)'],
  triggers: { control: "Jail-Command: /bin/sh -c 'hello --port 8080'" },
  clean: { control: 'Jail-Command: /usr/bin/hello --port 8080' },
  check,
};

const shells = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh', 'mksh', 'busybox']);

function* check({ declaration: { command } }: DeclaredSubject): Iterable<Found> {
  const name = programName(command);
  if (!shells.has(name) || !command.slice(1).some((word) => /^-[a-z]*c$/.test(word))) return;
  const message = `${command[0]} -c: the service is a line for a shell, which takes its signals`;
  yield { message, context: command[0] ?? '', field: 'Command', at: command[0] ?? '' };
}
