import { type EventKind, eventKinds } from './event-kinds.ts';
import type { EventRecord } from './event-record.ts';

// Elastic Common Schema 8.17: https://www.elastic.co/guide/en/ecs/8.17/

/** Values that event.category and event.type may have; of each only those that we use. */
type Category = 'configuration' | 'file' | 'host' | 'intrusion_detection' | 'network' | 'package' | 'process';
type Type = 'change' | 'creation' | 'deletion' | 'end' | 'info' | 'installation' | 'start';

interface Meaning {
  category: Category;
  type: Type;
  /** Whether a detection engine raised it, rather than something that happened. */
  alert?: true;
  failed?: true;
}

const of = (category: Category, type: Type): Meaning => ({ category, type });
const failed = (category: Category, type: Type = 'info'): Meaning => ({ category, type, failed: true });
const alert: Meaning = { category: 'intrusion_detection', type: 'info', alert: true };

/** The table is complete: a new kind without a line here does not compile. */
const meanings: Readonly<Record<EventKind, Meaning>> = {
  'agent-started': of('host', 'start'),
  'agent-settled': of('host', 'info'),
  'agent-stopped': of('host', 'end'),
  'tls-listening': of('network', 'start'),
  'tls-failed': failed('network'),
  fault: failed('host'),
  'state-damaged': failed('host'),
  'state-newer': failed('host'),
  'space-low': of('host', 'info'),
  'space-restored': of('host', 'info'),
  'events-dropped': failed('host'),
  'checkpoint-failed': failed('host'),
  'checkpoints-resumed': of('host', 'info'),
  'alert-failed': failed('host'),
  'alerts-resumed': of('host', 'info'),
  'alerts-dropped': failed('host'),
  installed: of('package', 'installation'),
  removed: of('package', 'deletion'),
  'remove-failed': failed('package', 'deletion'),
  set: of('configuration', 'change'),
  'credential-set': of('configuration', 'change'),
  'credential-removed': of('configuration', 'deletion'),
  'configuration-set': of('configuration', 'change'),
  'configuration-removed': of('configuration', 'deletion'),
  upgraded: of('package', 'change'),
  'upgrade-failed': failed('package', 'change'),
  'rolled-back': of('package', 'change'),
  'rollback-failed': failed('package', 'change'),
  preparing: of('process', 'start'),
  prepared: of('process', 'end'),
  started: of('process', 'start'),
  'start-failed': failed('process', 'start'),
  'taken-over': of('process', 'info'),
  stopped: of('process', 'end'),
  exited: failed('process', 'end'),
  'crash-loop': failed('process'),
  healthy: of('process', 'info'),
  unhealthy: failed('process'),
  killed: of('process', 'change'),
  frozen: of('process', 'change'),
  thawed: of('process', 'change'),
  exec: of('process', 'start'),
  lease: of('network', 'info'),
  'dhcp-client-restarted': of('network', 'start'),
  'evidence-taken': of('file', 'creation'),
  'evidence-removed': of('file', 'deletion'),
  'observation-failed': failed('host'),
  'policy-loaded': of('configuration', 'info'),
  'policy-changed': of('configuration', 'change'),
  'policy-removed': of('configuration', 'deletion'),
  'policy-refused': failed('configuration'),
  'policy-violation': alert,
  'policy-alert': alert,
  'policy-observed': alert,
  'policy-failed': failed('intrusion_detection'),
};

/**
 * An event as a document of the Elastic Common Schema. Fields of the host are left to the shipper, which runs on it.
 * What ECS has no field for is in `prodng.detail`, unchanged.
 */
export function ecsOf({ seq, time, kind, jail, by, detail = {}, hash }: EventRecord): object {
  const meaning = isKnown(kind) ? meanings[kind] : undefined;
  const { pid, reason, rule, policy, path, version } = detail;
  const text = (value: string | number | boolean | undefined) =>
    value === undefined ? undefined : String(value);
  const what = isKnown(kind) ? eventKinds[kind].meaning : kind;
  return {
    '@timestamp': time,
    ecs: { version: '8.17.0' },
    message: [jail, what, text(reason)].filter((part) => part !== undefined).join(': '),
    event: {
      kind: meaning?.alert === true ? 'alert' : 'event',
      ...(meaning === undefined ? {} : { category: [meaning.category], type: [meaning.type] }),
      action: kind,
      outcome: meaning === undefined ? 'unknown' : meaning.failed === true ? 'failure' : 'success',
      provider: 'prodng',
      dataset: 'prodng.events',
      sequence: seq,
      hash,
    },
    container: jail === undefined ? undefined : { name: jail, runtime: 'prodng' },
    service: jail === undefined ? undefined : { name: jail, version: text(version) },
    process: typeof pid === 'number' ? { pid } : undefined,
    user: userOf(by),
    rule: rule === undefined ? undefined : { name: text(rule), ruleset: text(policy) },
    file: path === undefined ? undefined : { path: text(path) },
    error: meaning?.failed === true && reason !== undefined ? { message: text(reason) } : undefined,
    prodng: Object.keys(detail).length === 0 ? undefined : { detail },
  };
}

function isKnown(kind: string): kind is EventKind {
  return Object.hasOwn(eventKinds, kind);
}

/** `uid 0` and `certificate CN (SERIAL)`, as actorOf has them. */
function userOf(by: string | undefined): { id: string } | { name: string } | undefined {
  const { uid, name } =
    /^(?:uid (?<uid>\d+)|certificate (?<name>.+) \([0-9A-F]+\))$/.exec(by ?? '')?.groups ?? {};
  if (uid !== undefined) return { id: uid };
  return name === undefined ? undefined : { name };
}
