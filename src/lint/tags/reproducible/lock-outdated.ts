import type { Found } from '../../finding.ts';
import type { SourceSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'lock-outdated',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'certain',
  reads: 'source',
  summary: 'the lock does not belong to the source',
  explanation:
    'Build-Depends or Depends changed after the lock was made, or the lock cannot be read. A locked ' +
    'build refuses it.',
  fix: 'Run `prodng lock`, review what changed, and commit it.',
  references: ['docs/architecture.md'],
  triggers: { control: 'Depends: ${misc:Depends}, python3' },
  clean: {},
  check,
};

function* check({ lockFaults }: SourceSubject): Iterable<Found> {
  for (const fault of lockFaults)
    yield { message: fault, context: fault, file: 'debian/jail.lock', ...lineOf(fault) };
}

function lineOf(fault: string): { line?: number } {
  const line = /^line (\d+):/.exec(fault)?.[1];
  return line === undefined ? {} : { line: Number(line) };
}
