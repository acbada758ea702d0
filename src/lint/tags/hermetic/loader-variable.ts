import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'loader-variable',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the environment changes how programs are loaded',
  explanation:
    'LD_PRELOAD and LD_LIBRARY_PATH put libraries before the ones that a program was built with, for ' +
    'every program of the jail.',
  fix: 'Install libraries where the loader finds them, or give the one program a RUNPATH.',
  references: ['ld.so(8)'],
  triggers: { control: 'Jail-Environment: LD_PRELOAD=libjemalloc.so.2' },
  clean: { control: 'Jail-Environment: MALLOC_ARENA_MAX=2' },
  check,
};

const variables = /^(?:LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|GCONV_PATH|GLIBC_TUNABLES)$/;

function* check({ declaration: { environment } }: DeclaredSubject): Iterable<Found> {
  for (const name of Object.keys(environment)) {
    if (!variables.test(name)) continue;
    const message = `${name} changes what the loader does with every program`;
    yield { message, context: name, field: 'Environment', at: `${name}=` };
  }
}
