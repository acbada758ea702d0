import { ProdngError } from '../../error/prodng-error.ts';
import type { AgentContext } from '../agent-context.ts';
import type { ActiveRun } from './active-run.ts';
import { Background } from './background.ts';
import { checkHealth } from './health-check.ts';

export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** So many failed checks in a row make a jail unhealthy. */
const patience = 3;

interface Subject {
  readonly name: string;
}

/**
 * Checks a jail's health for as long as it runs, as Jail-Health says. One that fails again and again is killed where
 * Jail-Restart would start it anew: its end is then a failure like any other.
 */
export class HealthWatch {
  status: Health = 'none';
  /** What the last check found wrong. */
  fault: string | undefined;
  readonly #jail: Subject;
  readonly #context: AgentContext;
  readonly #background: Background;
  #stop = new AbortController();

  constructor(jail: Subject, context: AgentContext) {
    this.#jail = jail;
    this.#context = context;
    this.#background = new Background(context.events, jail.name);
  }

  begin(run: ActiveRun): void {
    this.end();
    if (run.declaration.health === undefined) return;
    this.status = 'starting';
    this.#stop = new AbortController();
    void this.#watch(run, this.#stop.signal);
  }

  end(): void {
    this.#stop.abort();
    this.status = 'none';
    this.fault = undefined;
  }

  async #watch(run: ActiveRun, signal: AbortSignal): Promise<void> {
    const { health } = run.declaration;
    if (health === undefined) return;
    let failures = 0;
    while (!signal.aborted) {
      await pause(this.status === 'starting' ? Math.min(health.interval, 1000) : health.interval, signal);
      if (signal.aborted || run.frozen) continue;
      await this.#background.run(async () => {
        const fault = await checkHealth(health, run.file.record);
        if (signal.aborted) return;
        failures = fault === undefined ? 0 : failures + 1;
        this.fault = fault;
        if (fault === undefined) return this.#become('healthy');
        if (failures < patience) return;
        await this.#become('unhealthy', fault);
        // its end ends this watch
        if (run.declaration.restart.policy !== 'no') await run.kill('health');
      });
    }
  }

  async #become(status: 'healthy' | 'unhealthy', reason?: string): Promise<void> {
    if (this.status === status) return;
    this.status = status;
    await this.#context.events.append(status, this.#jail.name, reason === undefined ? {} : { reason });
  }
}

/**
 * Waits until a run proves healthy, or, when it declares no check, until it has stayed up for a while.
 *
 * @param patienceMs how long it may take
 * @throws ProdngError JAIL_UNHEALTHY
 */
export async function provenHealthy(name: string, run: ActiveRun, patienceMs: number): Promise<void> {
  const { health } = run.declaration;
  let over = false;
  const ended = run.ended.then(({ status }) => {
    over = true;
    return `it ended with status ${status ?? 'unknown'}`;
  });
  const until = performance.now() + patienceMs;
  let fault = 'it was not checked in time';
  const stayUp = health === undefined ? performance.now() + Math.min(patienceMs, 2000) : 0;
  while (performance.now() < until) {
    const waited = await Promise.race([ended, pause(Math.min(health?.interval ?? 200, 500))]);
    if (over) throw unhealthy(name, waited ?? fault);
    if (health === undefined) {
      if (performance.now() >= stayUp) return;
      continue;
    }
    const found = await checkHealth(health, run.file.record);
    if (found === undefined) return;
    fault = found;
  }
  throw unhealthy(name, fault);
}

function unhealthy(name: string, why: string): ProdngError {
  return new ProdngError('JAIL_UNHEALTHY', `${name}: it does not prove healthy: ${why}`, {
    hint: `read what it printed: prodng logs ${name}`,
  });
}

/** A watch goes on for weeks: nothing of a pause may stay with its signal. */
function pause(ms: number, signal?: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve(undefined);
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
