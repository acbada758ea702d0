import { checkOf } from '../../observed-check.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'record-of-other-version',
  family: 'observed',
  severity: 'warning',
  certainty: 'certain',
  reads: 'profile',
  summary: 'the record is of another version of the package',
  explanation: 'What another version did says little of what this one does.',
  fix: 'Record this version.',
  references: ['deb-version(7)'],
  // a source has its version from its changelog when it is built
  triggers: { deb: {}, profile: { version: '0.9' } },
  clean: { deb: {}, profile: {} },
  check: checkOf('record-of-other-version'),
};
