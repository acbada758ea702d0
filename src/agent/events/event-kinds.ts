/**
 * The kinds of events that the agent records, with the keys of their `detail`. A kind is never renamed or reused: rules
 * of other systems match on it.
 */
export const eventKinds = {
  'agent-started': { meaning: 'The agent has started and read its state', detail: 'pid, jails' },
  'agent-settled': { meaning: 'All jails that start at boot run or have failed once', detail: '' },
  'agent-stopped': { meaning: 'The agent exits; jails keep running', detail: '' },
  'tls-listening': { meaning: 'The API is served over TLS', detail: '' },
  'tls-failed': { meaning: 'The TLS listener cannot be opened; the agent retries', detail: 'reason' },
  fault: { meaning: 'An internal fault, while working on that jail if it names one', detail: 'reason' },
  'state-damaged': {
    meaning: "A jail's state file cannot be parsed and was moved aside",
    detail: 'movedTo, reason',
  },
  'state-newer': {
    meaning: 'A state file was written by a later version and is left alone',
    detail: 'file, reason',
  },
  'space-low': {
    meaning: 'The file system of the state folder has less free space than lowSpace of agent.json',
    detail: 'free, low',
  },
  'space-restored': { meaning: 'It has enough free space again', detail: 'free, low' },
  'events-dropped': {
    meaning: 'Events were lost, because the disk refused them and too many waited in memory',
    detail: 'count',
  },

  'checkpoint-failed': {
    meaning: 'A checkpoint of the log could not be sent; the agent retries',
    detail: 'sink, reason',
  },
  'checkpoints-resumed': { meaning: 'Checkpoints are sent again', detail: 'sink' },
  'alert-failed': {
    meaning: 'An alert could not be sent to the webhook; the agent retries',
    detail: 'reason',
  },
  'alerts-resumed': { meaning: 'Alerts are sent again', detail: '' },
  'alerts-dropped': {
    meaning: 'Alerts were not sent, because too many waited for the webhook; the log has them',
    detail: 'count',
  },

  installed: { meaning: 'A jail was installed', detail: 'version, sha256' },
  removed: { meaning: 'A jail was removed', detail: 'purge' },
  'remove-failed': {
    meaning: 'Files of a removed jail cannot be deleted; the agent retries',
    detail: 'path, reason',
  },
  set: { meaning: "The operator's settings of a jail were changed", detail: 'the changed settings' },
  'credential-set': { meaning: 'A credential of a jail was set', detail: 'credential' },
  'credential-removed': { meaning: 'A credential of a jail was removed', detail: 'credential' },
  'configuration-set': { meaning: 'A configuration file of a jail was replaced', detail: 'path, sha256' },
  'configuration-removed': {
    meaning: "A configuration file of a jail is the package's own again",
    detail: 'path',
  },
  upgraded: { meaning: 'A jail runs another version', detail: 'from, to' },
  'upgrade-failed': {
    meaning: 'An upgrade failed; the previous version is current',
    detail: 'from, to, reason',
  },
  'rolled-back': { meaning: 'A jail runs its previous version', detail: 'from, to' },
  'rollback-failed': { meaning: 'A rollback failed', detail: 'from, to, reason' },

  preparing: { meaning: 'Jail-Prepare runs on new volumes, before the first start', detail: 'version' },
  prepared: { meaning: 'Jail-Prepare has succeeded', detail: 'version' },
  started: { meaning: 'The service was started', detail: 'version, pid' },
  'start-failed': { meaning: 'A start failed', detail: 'reason' },
  'taken-over': { meaning: 'A new agent supervises a jail that was running', detail: 'pid' },
  stopped: { meaning: 'The service was stopped on request', detail: 'status' },
  exited: { meaning: 'The service exited without a request', detail: 'status, reason' },
  'crash-loop': { meaning: 'The service failed several times in a row', detail: 'failures' },
  healthy: { meaning: 'The health check passes', detail: '' },
  unhealthy: { meaning: 'The health check failed three times in a row', detail: 'reason' },
  killed: { meaning: 'A signal was sent on request', detail: 'signal' },
  frozen: { meaning: 'A jail was frozen', detail: 'reason' },
  thawed: {
    meaning: 'A jail was thawed, or a run that an interrupted command had left frozen',
    detail: 'run',
  },
  exec: { meaning: 'A program was started in a jail with prodng exec', detail: 'argv, sha256' },
  lease: { meaning: 'The DHCP lease of a jail changed', detail: 'lease' },
  'dhcp-client-restarted': {
    meaning: 'The DHCP client of a jail had exited and was started again',
    detail: '',
  },

  'evidence-taken': {
    meaning: 'Evidence of a jail was taken',
    detail: 'id, bundle, sha256, size, key, frozen, reason',
  },
  'observation-failed': { meaning: 'A jail cannot be observed', detail: 'reason' },
  'policy-loaded': { meaning: 'A policy was read', detail: 'file, sha256, policy, mode, rules' },
  'policy-changed': {
    meaning: 'A policy does otherwise than before: weaker is the number of changes by which it does less',
    detail: 'file, sha256, policy, weaker, changes',
  },
  'policy-removed': { meaning: 'A policy is no longer there', detail: 'file, policy, jails' },
  'policy-refused': {
    meaning: 'A policy cannot be parsed or enforced; its jails are not started',
    detail: 'file, sha256, policy, mode, reason',
  },
  'policy-violation': {
    meaning: 'A rule of a policy was met, and its action taken',
    detail: 'policy, rule, what, count, pid, action, where',
  },
  'policy-alert': {
    meaning: 'A rule of a policy with the action alert was met',
    detail: 'policy, rule, what, count, pid, action, where',
  },
  'policy-observed': {
    meaning: 'A rule of a policy in mode observe was met; nothing was done',
    detail: 'policy, rule, what, count, pid, action, where',
  },
  'policy-failed': {
    meaning: 'The action of a policy could not be taken, or a policy is no longer in force',
    detail: 'policy, action, reason',
  },
  'evidence-removed': { meaning: 'A bundle was removed from the host', detail: 'id' },
} as const satisfies Record<string, { meaning: string; detail: string }>;

export type EventKind = keyof typeof eventKinds;
