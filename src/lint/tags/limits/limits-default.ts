import { jailFields } from '../../../control/jail-fields.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'limits-default',
  family: 'limits',
  severity: 'info',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'a limit is left to its default',
  explanation:
    'The defaults are small (64M of memory, half a CPU, 32 processes). A jail that says what it ' +
    'needs does not change its behaviour with a version of prodng, and shows a reviewer what to ' +
    'expect.',
  fix: 'Declare the field with the figure that the service needs.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Memory:' },
  clean: { control: 'Jail-Memory: 64M\nJail-Cpu: 50%\nJail-Pids: 32' },
  check,
};

function* check({ stanza, prefix }: DeclaredSubject): Iterable<Found> {
  for (const { name, default: value } of [jailFields.memory, jailFields.cpu, jailFields.pids]) {
    if (stanza?.field(prefix + name) !== undefined) continue;
    yield { message: `${prefix}${name} is not declared; ${value} holds`, context: name };
  }
}
