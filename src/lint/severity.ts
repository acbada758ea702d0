/** How bad it is: errors reject a jail, warnings ask for a review, the others inform. */
export type Severity = 'error' | 'warning' | 'info' | 'pedantic';

/** From the worst to the least. */
export const severities: readonly Severity[] = ['error', 'warning', 'info', 'pedantic'];

/** How sure a finding is: `likely` and `possible` rest on what programs usually do. */
export type Certainty = 'certain' | 'likely' | 'possible';

/** What the checks of one subject inspect; also the folders under tags/. */
export const families = [
  'control',
  'structure',
  'capabilities',
  'filesystem',
  'hermetic',
  'reproducible',
  'network',
  'limits',
  'command',
  'health',
  'observed',
  'outdated',
  'policy',
  'overrides',
] as const;

export type Family = (typeof families)[number];
