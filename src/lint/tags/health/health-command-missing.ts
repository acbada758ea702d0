import type { Found } from '../../finding.ts';
import { programChain } from '../../loader/program-chain.ts';
import { searchPathOf } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'health-command-missing',
  family: 'health',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the program of the health check is not in the rootfs, or would not run',
  explanation: 'The service would count as ill for ever.',
  fix: 'Correct the path in Jail-Health, or add the package that has the program to Depends.',
  references: ['execve(2)'],
  triggers: { control: 'Jail-Health: /usr/bin/check-hello' },
  clean: { control: 'Jail-Health: /usr/bin/hello --check' },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  const health = declaration?.health;
  if (health?.kind !== 'command') return;
  const [program = ''] = health.argv;
  const { fault } = programChain(rootfs, program, searchPathOf(declaration));
  if (fault === undefined) return;
  const message = `${fault.path} cannot be run: ${fault.kind.replaceAll('-', ' ')}`;
  yield { message, context: program, field: 'Health', at: program };
}
