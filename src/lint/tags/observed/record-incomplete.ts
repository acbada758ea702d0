import { checkOf } from '../../observed-check.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'record-incomplete',
  family: 'observed',
  severity: 'warning',
  certainty: 'certain',
  reads: 'profile',
  summary: 'the record lacks events',
  explanation:
    'A map in the kernel was full, or the record began after the first instruction. What is in it happened; of nothing can be said that it did not.',
  fix: 'Record again, for a shorter time or from the start.',
  references: ['bpf(2)'],
  triggers: { profile: { fromStart: false } },
  clean: { profile: {} },
  check: checkOf('record-incomplete'),
};
