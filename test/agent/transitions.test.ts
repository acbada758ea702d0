import { describe, expect, it } from 'vitest';
import {
  type Phase,
  type PhaseAction,
  type PhaseEvent,
  phaseEvents,
  phases,
  transition,
} from '../../src/agent/supervision/transitions.ts';

/** The table, written down a second time: a row that is changed is changed here too, and on purpose. */
const rows: [Phase, PhaseEvent, Phase, ...PhaseAction[]][] = [
  ['stopped', 'taken-over', 'running', 'watch'],
  ['stopped', 'queued', 'waiting'],
  ['stopped', 'launch', 'starting'],
  ['stopped', 'wanted', 'waiting', 'schedule'],
  ['stopped', 'unwanted', 'stopped'],
  ['waiting', 'launch', 'starting', 'cancel'],
  ['waiting', 'wanted', 'waiting'],
  ['waiting', 'unwanted', 'stopped', 'cancel'],
  ['starting', 'launched', 'running', 'watch'],
  ['starting', 'launch-failed', 'stopped', 'count-failure'],
  ['starting', 'wanted', 'waiting', 'count-failure', 'schedule'],
  ['starting', 'unwanted', 'stopped'],
  ['running', 'stop', 'stopping', 'unwatch'],
  ['running', 'replaced', 'running', 'unwatch', 'watch'],
  ['running', 'exited', 'stopped', 'unwatch', 'count-failure'],
  ['running', 'finished', 'stopped', 'unwatch', 'want-stopped'],
  ['running', 'wanted', 'running'],
  ['running', 'unwanted', 'running', 'end-run'],
  ['stopping', 'stopped', 'stopped'],
  ['stopping', 'stop-failed', 'running', 'watch'],
  ['stopping', 'wanted', 'waiting', 'schedule'],
  ['stopping', 'unwanted', 'stopped'],
];

it.each(rows)('a jail that is %s and %s becomes %s', (phase, event, to, ...actions) => {
  expect(transition(phase, event)).toEqual({ to, actions });
});

const others = phases.flatMap((phase) =>
  phaseEvents
    .filter((event) => !rows.some(([from, when]) => from === phase && when === event))
    .map((event) => [phase, event] as const),
);

it.each(others)('a jail that is %s cannot be %s', (phase, event) => {
  expect(() => transition(phase, event)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
});

describe('reconcile', () => {
  it.each(phases)('leaves a %s jail that should run with a run or a timer', (phase) => {
    const { to, actions } = transition(phase, 'wanted');
    // one that waits already has its timer, or its place in the order of starts
    if (phase === 'waiting') expect(actions).not.toContain('cancel');
    else expect(to === 'running' || (to === 'waiting' && actions.includes('schedule'))).toBe(true);
  });

  it.each(phases)('leaves a %s jail that should not run without a timer, and ends its run', (phase) => {
    const { to, actions } = transition(phase, 'unwanted');
    expect(actions).not.toContain('schedule');
    if (phase === 'waiting') expect(actions).toContain('cancel');
    if (to === 'running') expect(actions).toContain('end-run');
    else expect(to).toBe('stopped');
  });
});
