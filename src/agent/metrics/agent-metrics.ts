import { performance } from 'node:perf_hooks';
import { loopDelay } from './loop-delay.ts';
import type { Family } from './prometheus.ts';

/** s; upper ends of the classes that answers are counted in. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** How long the API took to answer, by route and status, since the agent began. Streams have no such time. */
class Requests {
  readonly #counts = new Map<string, { labels: Record<string, string>; count: number }>();
  readonly #classes = bounds.map(() => 0);
  #count = 0;
  #seconds = 0;

  /** @param route the pattern of its path: the paths themselves are without number */
  took(method: string, route: string, status: number, seconds: number): void {
    const labels = { method, route, status: String(status) };
    const key = Object.values(labels).join(' ');
    const known = this.#counts.get(key) ?? { labels, count: 0 };
    known.count++;
    this.#counts.set(key, known);
    this.#count++;
    this.#seconds += seconds;
    for (const [index, bound] of bounds.entries())
      if (seconds <= bound) this.#classes[index] = (this.#classes[index] ?? 0) + 1;
  }

  families(): Family[] {
    const counts = [...this.#counts.values()];
    const samples = (some: typeof counts) => some.map(({ labels, count }) => ({ labels, value: count }));
    const failed = counts.filter(({ labels }) => Number(labels.status) >= 500);
    return [
      {
        name: 'prodng_agent_requests_total',
        type: 'counter',
        help: 'Requests to the API',
        samples: samples(counts),
      },
      {
        name: 'prodng_agent_request_errors_total',
        type: 'counter',
        help: 'Requests that failed by a fault of the agent or its host',
        samples: [{ labels: {}, value: failed.reduce((sum, { count }) => sum + count, 0) }],
      },
      {
        name: 'prodng_agent_request_seconds',
        type: 'histogram',
        help: 'How long requests took',
        samples: [
          ...bounds.map((bound, index) => ({
            suffix: '_bucket' as const,
            labels: { le: String(bound) },
            value: this.#classes[index] ?? 0,
          })),
          { suffix: '_bucket', labels: { le: '+Inf' }, value: this.#count },
          { suffix: '_sum', labels: {}, value: this.#seconds },
          { suffix: '_count', labels: {}, value: this.#count },
        ],
      },
    ];
  }
}

export const requests = new Requests();

loopDelay.begin();

/** How the agent itself does. */
export function agentFamilies(jails: number, historyBytes: number): Family[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const { active } = performance.eventLoopUtilization();
  const one = (name: string, type: Family['type'], help: string, value: number): Family => ({
    name: `prodng_agent_${name}`,
    type,
    help,
    samples: [{ labels: {}, value }],
  });
  return [
    one('jails', 'gauge', 'Installed jails', jails),
    one(
      'start_time_seconds',
      'gauge',
      'When it began, since 1970',
      (Date.now() - process.uptime() * 1000) / 1000,
    ),
    one('memory_bytes', 'gauge', 'Resident memory of the agent', rss),
    one('history_bytes', 'gauge', 'Memory of the recent figures of jails', historyBytes),
    one('heap_bytes', 'gauge', 'Memory of its objects', heapUsed),
    one('cpu_seconds_total', 'counter', 'CPU time of the agent', (user + system) / 1e6),
    one('event_loop_active_seconds_total', 'counter', 'Time that its event loop was at work', active / 1000),
    {
      name: 'prodng_agent_event_loop_delay_seconds',
      type: 'histogram',
      help: 'How late its event loop came to a timer',
      samples: loopDelay.samples(),
    },
    ...requests.families(),
  ];
}
