import { expect, it } from 'vitest';
import { ecsOf } from '../../src/agent/events/ecs.ts';
import { eventKinds } from '../../src/agent/events/event-kinds.ts';

const record = { seq: 7, time: '2026-01-02T03:04:05.678Z', previous: '0'.repeat(64), hash: 'a'.repeat(64) };

/** event.category and the event.type values that ECS 8.17 expects in it, as its field reference has them. */
const expected: Record<string, string[]> = {
  configuration: ['access', 'change', 'creation', 'deletion', 'info'],
  file: ['access', 'change', 'creation', 'deletion', 'info'],
  host: ['access', 'change', 'end', 'info', 'start'],
  intrusion_detection: ['allowed', 'denied', 'info'],
  network: ['access', 'allowed', 'connection', 'denied', 'end', 'info', 'protocol', 'start'],
  package: ['access', 'change', 'deletion', 'info', 'installation', 'start'],
  process: ['access', 'change', 'end', 'info', 'start'],
};

const documentOf = (event: object) => JSON.parse(JSON.stringify(ecsOf({ ...record, kind: 'x', ...event })));

it.each(Object.keys(eventKinds))('%s has a category and a type that ECS allows together', (kind) => {
  const { event } = documentOf({ kind });
  expect(event).toMatchObject({ action: kind, provider: 'prodng', sequence: 7, hash: record.hash });
  expect(['event', 'alert']).toContain(event.kind);
  expect(['success', 'failure']).toContain(event.outcome);
  expect(expected[event.category[0]]).toContain(event.type[0]);
});

it('names jail, process, user, rule and error in the fields of ECS, and keeps the detail', () => {
  const detail = { policy: 'web', rule: 'exec', what: '/bin/sh', pid: 42, action: 'freeze', count: 1 };
  expect(documentOf({ kind: 'policy-violation', jail: 'web', detail })).toEqual({
    '@timestamp': record.time,
    ecs: { version: '8.17.0' },
    message: 'web: A rule of a policy was met, and its action taken',
    event: {
      kind: 'alert',
      category: ['intrusion_detection'],
      type: ['info'],
      action: 'policy-violation',
      outcome: 'success',
      provider: 'prodng',
      dataset: 'prodng.events',
      sequence: 7,
      hash: record.hash,
    },
    container: { name: 'web', runtime: 'prodng' },
    service: { name: 'web' },
    process: { pid: 42 },
    rule: { name: 'exec', ruleset: 'web' },
    prodng: { detail },
  });
  const refused = documentOf({
    kind: 'start-failed',
    jail: 'web',
    by: 'uid 0',
    detail: { reason: 'no memory' },
  });
  expect(refused).toMatchObject({
    error: { message: 'no memory' },
    user: { id: '0' },
    event: { outcome: 'failure' },
  });
  expect(documentOf({ by: 'certificate alice (0AF3)' }).user).toEqual({ name: 'alice' });
});

it('takes a kind of a later version, and names of Object.prototype, for unknown', () => {
  for (const kind of ['from-the-future', 'constructor', '__proto__']) {
    const { event } = documentOf({ kind });
    expect(event).toMatchObject({ action: kind, outcome: 'unknown', kind: 'event' });
    expect(event).not.toHaveProperty('category');
  }
});
