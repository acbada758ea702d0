import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'stop-signal-kill',
  family: 'health',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the service gets no chance to stop',
  explanation: 'SIGKILL cannot be handled: nothing is flushed, no connection ended, no lock released.',
  fix: 'Use the signal that the program stops on, mostly SIGTERM.',
  references: ['signal(7)'],
  triggers: { control: 'Jail-Stop: SIGKILL 5s' },
  clean: { control: 'Jail-Stop: SIGINT 5s' },
  check,
};

function* check({ declaration: { stop } }: DeclaredSubject): Iterable<Found> {
  if (stop.signal !== 'SIGKILL' && stop.signal !== 'SIGSTOP') return;
  const message = `${stop.signal} cannot be handled: the service gets no chance to end its work`;
  yield { message, context: stop.signal, field: 'Stop' };
}
