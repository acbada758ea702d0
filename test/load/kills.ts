import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import type { Uplink } from '../support/uplink.ts';
import { more, takeInventory } from './inventory.ts';
import { randomNumbers } from './random.ts';

const verbs = ['install', 'start', 'stop', 'upgrade', 'rollback', 'rm'] as const;
type Verb = (typeof verbs)[number];

/** A jail that needs nothing but a control group, and one with all that could be left over: a loop device and a link. */
const kinds = {
  plain: { fields: '', overrides: {} },
  rich: {
    fields: 'Jail-Filesystem: rw /var/lib/box size=2M\nJail-Network: macvlan\nJail-Connect: any\n',
    overrides: { uplink: 'uplink0', address: '192.0.2.10/24', gateway: '192.0.2.1' },
  },
} as const;
type Kind = keyof typeof kinds;

interface Subject {
  name: string;
  first: string;
  second: string;
}

interface JailNow {
  name: string;
  version: string;
  state: string;
  desired: string;
}

/** What the kills found. */
export interface KillReport {
  seed: number;
  kills: number;
  /** How many kills hit a request that had not been answered yet. */
  underWay: number;
  /** How long each verb takes unharmed, ms. */
  durations: Record<string, number>;
  /** Afterwards: how many jails were in the old state, how many in the new one. */
  old: number;
  fresh: number;
  /** All that was wrong, with the verb and the moment. */
  faults: string[];
}

/**
 * Kills the agent at random moments of install, start, stop, upgrade, rollback and rm, and looks after each restart
 * whether the jail is in the old or the new state, and whether anything is left over.
 *
 * @param host its agent runs in the uplink's network namespace
 */
export async function killAtRandom(
  host: AgentHost,
  uplink: Uplink,
  { count, seed }: { count: number; seed: number },
): Promise<KillReport> {
  const random = randomNumbers(seed);
  const scene = new Scene(host, uplink.host);
  const durations = await scene.rehearse();
  const report: KillReport = { seed, kills: 0, underWay: 0, durations, old: 0, fresh: 0, faults: [] };
  let clean = await takeInventory(host, uplink.host);
  for (let index = 0; index < count; index++) {
    const verb = verbs[index % verbs.length] ?? 'install';
    const kind: Kind = random() < 0.5 ? 'plain' : 'rich';
    const after = random() * 1.1 * (durations[`${verb} ${kind}`] ?? 500);
    const { faults, answered, isOld } = await scene.killDuring(verb, kind, after);
    report.kills++;
    if (!answered) report.underWay++;
    if (isOld) report.old++;
    else report.fresh++;
    const now = await takeInventory(host, uplink.host);
    faults.push(...more(now, clean).map((what) => `left over: ${what}`));
    if (faults.length > 0) clean = now;
    report.faults.push(
      ...faults.map((fault) => `${verb} ${kind}, killed after ${after.toFixed(0)} ms: ${fault}`),
    );
  }
  return report;
}

class Scene {
  readonly #host: AgentHost;
  readonly #netns: number;
  readonly #subjects = new Map<Kind, Subject>();

  constructor(host: AgentHost, netns: number) {
    this.#host = host;
    this.#netns = netns;
  }

  /** Makes the packages, and does every verb once for its duration, which is that of this machine on this day. */
  async rehearse(): Promise<Record<string, number>> {
    const durations: Record<string, number> = {};
    await this.#start();
    for (const kind of Object.keys(kinds) as Kind[]) {
      await this.#makePackages(kind);
      for (const verb of verbs) {
        await this.#prepare(verb, kind);
        const begin = performance.now();
        await this.#ask(verb, kind);
        durations[`${verb} ${kind}`] = Math.round(performance.now() - begin);
        await this.#clean(kind);
      }
    }
    return durations;
  }

  async killDuring(
    verb: Verb,
    kind: Kind,
    after: number,
  ): Promise<{ faults: string[]; answered: boolean; isOld: boolean }> {
    await this.#prepare(verb, kind);
    const before = await this.#now(kind);
    let answered = false;
    const asked = this.#ask(verb, kind).then(
      () => {
        answered = true;
      },
      () => {},
    );
    await sleep(after);
    const wasAnswered = answered;
    await this.#host.endAgent('SIGKILL');
    await asked;
    await this.#start();
    await this.#settled(kind);
    const now = await this.#now(kind);
    const faults = await this.#faults(verb, before, now);
    await this.#clean(kind);
    return { faults, answered: wasAnswered, isOld: sameState(before, now) };
  }

  /** It answers before it has cleared away what the one before has left. */
  async #start(): Promise<void> {
    await this.#host.startAgent({}, this.#netns);
    await until(async () => {
      const events: { kind: string }[] = JSON.parse(await this.#request('GET', '/v1/events?tail=1000'));
      const last = events.findLast(({ kind }) => kind === 'agent-started' || kind === 'agent-settled');
      return last?.kind === 'agent-settled';
    });
  }

  async #makePackages(kind: Kind): Promise<void> {
    const name = `${this.#host.name}${kind}`;
    const version = (number: string) =>
      this.#host.jail({
        name,
        fields: `Jail-Command: /bin/sh -c "exec sleep 1000"\n${kinds[kind].fields}`,
        control: (text) => text.replace('Version: 1.0-1', `Version: ${number}-1`),
      });
    // as an operator would by hand
    await mkdir(join(this.#host.folder, 'etc/jails.d'), { recursive: true });
    const file = join(this.#host.folder, `etc/jails.d/${name}.json`);
    await writeFile(file, JSON.stringify(kinds[kind].overrides));
    this.#subjects.set(kind, { name, first: await version('1.0'), second: await version('2.0') });
  }

  #subject(kind: Kind): Subject {
    const subject = this.#subjects.get(kind);
    if (subject === undefined) throw new Error(`no package for ${kind}`);
    return subject;
  }

  /** Brings the jail to where the verb begins. */
  async #prepare(verb: Verb, kind: Kind): Promise<void> {
    const { name, first, second } = this.#subject(kind);
    if (verb === 'install') return;
    await this.#request('POST', '/v1/jails', { path: first, start: false });
    if (verb === 'start') return;
    await this.#request('POST', `/v1/jails/${name}/start`);
    if (verb === 'rollback')
      await this.#request('POST', `/v1/jails/${name}/upgrade`, { path: second, patience: 100 });
  }

  #ask(verb: Verb, kind: Kind): Promise<unknown> {
    const { name, first, second } = this.#subject(kind);
    const jail = `/v1/jails/${name}`;
    if (verb === 'install') return this.#request('POST', '/v1/jails', { path: first });
    if (verb === 'upgrade') return this.#request('POST', `${jail}/upgrade`, { path: second, patience: 100 });
    if (verb === 'rollback') return this.#request('POST', `${jail}/rollback`, { patience: 100 });
    if (verb === 'rm') return this.#request('DELETE', `${jail}?purge=true`);
    return this.#request('POST', `${jail}/${verb}`);
  }

  async #request(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await this.#host.api(method, path, body === undefined ? undefined : JSON.stringify(body));
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.body}`);
    return answer.body;
  }

  async #now(kind: Kind): Promise<JailNow | undefined> {
    const jails: JailNow[] = JSON.parse(await this.#request('GET', '/v1/jails'));
    return jails.find(({ name }) => name === this.#subject(kind).name);
  }

  /** A run that was killed before it had been looked at is started again after a while. */
  async #settled(kind: Kind): Promise<void> {
    const end = performance.now() + 30_000;
    await until(async () => {
      const now = await this.#now(kind);
      const rests = now === undefined || now.state === (now.desired === 'running' ? 'running' : 'stopped');
      return rests || performance.now() > end;
    });
  }

  async #faults(verb: Verb, before: JailNow | undefined, now: JailNow | undefined): Promise<string[]> {
    const faults: string[] = [];
    const allowed = outcomes(verb, before);
    if (!allowed.includes(words(now))) faults.push(`it is ${words(now)}, not ${allowed.join(' or ')}`);
    const verdict = await this.#request('GET', '/v1/events/verify');
    if (verdict.includes('broken')) faults.push(`the events: ${verdict}`);
    return faults;
  }

  async #clean(kind: Kind): Promise<void> {
    const now = await this.#now(kind);
    if (now !== undefined) await this.#request('DELETE', `/v1/jails/${now.name}?purge=true`);
  }
}

function words(jail: JailNow | undefined): string {
  return jail === undefined ? 'absent' : `${jail.version} ${jail.state}`;
}

function sameState(before: JailNow | undefined, now: JailNow | undefined): boolean {
  return words(before) === words(now);
}

/** The old state and the new one; an install with a start has one more between them. */
function outcomes(verb: Verb, before: JailNow | undefined): string[] {
  const old = words(before);
  if (verb === 'install') return [old, '1.0-1 stopped', '1.0-1 running'];
  if (verb === 'start') return [old, '1.0-1 running'];
  if (verb === 'stop') return [old, '1.0-1 stopped'];
  if (verb === 'upgrade') return [old, '2.0-1 running'];
  if (verb === 'rollback') return [old, '1.0-1 running'];
  return [old, 'absent'];
}
