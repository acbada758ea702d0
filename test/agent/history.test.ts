import { describe, expect, it } from 'vitest';
import { History } from '../../src/agent/metrics/history.ts';
import { blockBytes, type Sample } from '../../src/agent/metrics/samples.ts';

const mib = 2 ** 20;

function sample(time: number, cpu = time): Sample {
  const none = { memory: 1, pids: 1, read: 0, written: 0, received: 0, sent: 0, used: 0, denied: 0 };
  return { ...none, time, cpu, executed: 1, connections: 0, refused: undefined, opened: undefined };
}

describe('the history of jails', () => {
  it('has each sample in order, and NaN for what was not counted', () => {
    const history = new History({ seconds: 3600, bytes: mib });
    for (let second = 1; second <= 200; second += 1) history.add('web', sample(second * 1000));
    const columns = history.of('web')?.columns(0, 1000);
    expect(columns?.time).toEqual(Array.from({ length: 200 }, (_, index) => (index + 1) * 1000));
    expect(columns?.opened).toEqual(Array.from({ length: 200 }, () => Number.NaN));
    expect(history.of('web')?.columns(198_000, 1000).cpu).toEqual([199_000, 200_000]);
  });

  it('gives the last sample of each period', () => {
    const history = new History({ seconds: 3600, bytes: mib });
    for (let second = 1; second <= 130; second += 1) history.add('web', sample(second * 1000));
    expect(history.of('web')?.columns(0, 60_000).time).toEqual([59_000, 119_000, 130_000]);
  });

  it('goes back as far as it is told to, within one block', () => {
    const history = new History({ seconds: 120, bytes: mib });
    for (let second = 1; second <= 1000; second += 1) history.add('web', sample(second * 1000));
    const times = history.of('web')?.columns(0, 1000).time ?? [];
    expect(times[0]).toBeLessThanOrEqual(880_000);
    expect(times[0]).toBeGreaterThan(880_000 - 60_000);
    expect(history.bytes).toBeLessThanOrEqual(4 * blockBytes);
  });

  it('drops the oldest samples of all jails when its memory is full, and never takes more', () => {
    const history = new History({ seconds: 3600, bytes: mib });
    for (let second = 1; second <= 1500; second += 1)
      for (const jail of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']) {
        history.add(jail, sample(second * 1000));
        if (history.bytes > mib) throw new Error(`${history.bytes} bytes`);
      }
    const lengths = 'abcdefghij'.split('').map((jail) => history.of(jail)?.columns(0, 1000).time.length ?? 0);
    expect(Math.min(...lengths)).toBeGreaterThan(800);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(60);
  });

  it('goes on with more jails than it has blocks for', () => {
    const history = new History({ seconds: 3600, bytes: 3 * blockBytes });
    for (let turn = 1; turn <= 5; turn += 1)
      for (let jail = 0; jail < 10; jail += 1) history.add(`jail${jail}`, sample(turn * 1000 + jail));
    expect(history.bytes).toBe(3 * blockBytes);
    expect(history.of('jail9')?.columns(0, 1000).time).toEqual([5009]);
  });

  it('leaves a gap where there is no sample, and goes on', async () => {
    const history = new History({ seconds: 3600, bytes: mib });
    const gone = () => {
      throw new Error('it has ended');
    };
    for (const time of [1000, 2000])
      await history.sampleAll([
        { name: 'gone', sample: gone },
        { name: 'web', sample: () => sample(time) },
      ]);
    expect(history.of('web')?.columns(0, 1000).time).toEqual([1000, 2000]);
    expect(history.of('gone')).toBeUndefined();
  });

  it('forgets jails that are removed', () => {
    const history = new History({ seconds: 3600, bytes: mib });
    history.add('web', sample(1000));
    history.add('db', sample(1000));
    history.keepOnly(new Set(['db']));
    expect(history.of('web')).toBeUndefined();
    expect(history.of('db')).toBeDefined();
  });
});
