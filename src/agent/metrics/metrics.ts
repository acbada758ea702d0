import { join } from 'node:path';
import type { Agent } from '../agent.ts';
import { jailSummary } from '../api/jail-view.ts';
import { observedFamilies } from '../observation/observed-families.ts';
import { agentFamilies } from './agent-metrics.ts';
import { type CgroupFigure, readCgroupFigures } from './cgroup-figures.ts';
import { type Family, familyText, type Sample } from './prometheus.ts';
import { spaceFamily } from './space-watch.ts';
import type { Stats } from './stats.ts';

/** All figures in Prometheus' text exposition format 0.0.4. */
export async function metricsText(agent: Agent, stats: readonly Stats[]): Promise<string> {
  const families = [
    ...jailFamilies(agent),
    violationFamily(agent),
    ...observedFamilies(await agent.context.observation.totals()),
    ...statsFamilies(stats),
    ...(await cgroupFamilies(cgroupsOf(agent))),
    ...agentFamilies(agent.jails.size, agent.context.history.bytes),
    await spaceFamily(agent.context.paths.jail.state),
  ];
  return families.map(familyText).join('');
}

function jailFamilies(agent: Agent): Family[] {
  const jails = [...agent.jails.values()];
  const family = (
    name: string,
    type: Family['type'],
    help: string,
    value: (jail: (typeof jails)[number]) => number | undefined,
  ): Family => ({
    name: `prodng_jail_${name}`,
    type,
    help,
    samples: jails.flatMap((jail) => {
      const found = value(jail);
      return found === undefined ? [] : [{ labels: { jail: jail.name }, value: found }];
    }),
  });
  return [
    family('up', 'gauge', 'Whether its service runs', ({ run }) => (run === undefined ? 0 : 1)),
    {
      name: 'prodng_jail_state',
      type: 'gauge',
      help: 'What it does: 1 for the state that it is in',
      samples: jails.map((jail) => ({
        labels: { jail: jail.name, state: jailSummary(jail).state },
        value: 1,
      })),
    },
    family('wanted', 'gauge', 'Whether it should run', ({ state }) => (state.desired === 'running' ? 1 : 0)),
    family('crash_loop', 'gauge', 'Whether it keeps failing', ({ phase }) =>
      phase === 'crash-loop' ? 1 : 0,
    ),
    family('frozen', 'gauge', 'Whether it is frozen', ({ run }) => (run?.frozen === true ? 1 : 0)),
    family('restarts_total', 'counter', 'How often it was started again', ({ state }) => state.restarts),
    family('started_seconds', 'gauge', 'When its service was started, since 1970', ({ run }) =>
      run === undefined ? undefined : Date.parse(run.file.started) / 1000,
    ),
    family('last_exit_status', 'gauge', 'How its service ended last', ({ state }) => state.lastExit?.status),
    {
      name: 'prodng_jail_last_exit_reason',
      type: 'gauge',
      help: 'Why its service ended last: 1 for the reason',
      samples: jails.flatMap(({ name, state: { lastExit } }) =>
        lastExit?.reason === undefined ? [] : [{ labels: { jail: name, reason: lastExit.reason }, value: 1 }],
      ),
    },
    {
      name: 'prodng_jail_observed',
      type: 'gauge',
      help: 'How its run is observed: 1 for the mode in force',
      samples: jails.flatMap(({ name, observed }) =>
        observed === undefined ? [] : [{ labels: { jail: name, mode: observed.mode }, value: 1 }],
      ),
    },
    family('observation_failed', 'gauge', 'Whether it should be observed and is not', ({ observed }) =>
      observed === undefined ? undefined : observed.fault === undefined ? 0 : 1,
    ),
    family('healthy', 'gauge', 'Whether its last health check passed', ({ health }) =>
      health.status === 'none' ? undefined : health.status === 'healthy' ? 1 : 0,
    ),
  ];
}

function violationFamily({ context }: Agent): Family {
  return {
    name: 'prodng_policy_violations_total',
    type: 'counter',
    help: 'What policies have met with since the agent began; mode observe: nothing was done',
    samples: [...context.observation.violations.values()].map(({ labels, count }) => ({
      labels,
      value: count,
    })),
  };
}

function statsFamilies(stats: readonly Stats[]): Family[] {
  const family = (
    name: string,
    type: Family['type'],
    help: string,
    value: (one: Stats) => number | undefined,
  ): Family => ({
    name: `prodng_jail_${name}`,
    type,
    help,
    samples: stats.flatMap((one) => {
      const found = value(one);
      return found === undefined ? [] : [{ labels: { jail: one.name }, value: found }];
    }),
  });
  return [
    family('cpu_seconds_total', 'counter', 'CPU time', ({ cpu }) => cpu / 1e6),
    family('memory_bytes', 'gauge', 'Memory', ({ memory }) => memory),
    family('memory_peak_bytes', 'gauge', 'The most memory so far', ({ memoryPeak }) => memoryPeak),
    family('memory_limit_bytes', 'gauge', 'The limit of memory', ({ memoryLimit }) => memoryLimit),
    family('processes', 'gauge', 'Processes', ({ pids }) => pids),
    family('threads', 'gauge', 'Threads', ({ threads }) => threads),
    family('open_files', 'gauge', 'Open file descriptors', ({ files }) => files),
    family('read_bytes_total', 'counter', 'Read from block devices', ({ read }) => read),
    family('written_bytes_total', 'counter', 'Written to block devices', ({ written }) => written),
    family('received_bytes_total', 'counter', 'Received from the network', ({ received }) => received),
    family('sent_bytes_total', 'counter', 'Sent to the network', ({ sent }) => sent),
    ...(['cpu', 'memory', 'io'] as const).map((kind) =>
      family(
        `${kind}_pressure_ratio`,
        'gauge',
        'Part of the last 10 s that some process waited',
        ({ pressure }) => (pressure === undefined ? undefined : pressure[kind] / 100),
      ),
    ),
  ];
}

/** The control group of version 2 of a running jail. */
export interface JailCgroup {
  jail: string;
  folder: string;
}

function cgroupsOf(agent: Agent): JailCgroup[] {
  return [...agent.jails.values()].flatMap(({ name, run }) =>
    run === undefined || run.file.record.cgroups !== 'v2'
      ? []
      : [{ jail: name, folder: join('/sys/fs/cgroup', run.file.record.cgroup) }],
  );
}

/** The kernel's own figures by its own names: `memory.stat` is `prodng_jail_cgroup_memory_stat`. */
export async function cgroupFamilies(groups: readonly JailCgroup[]): Promise<Family[]> {
  const samples = new Map<string, Sample[]>();
  for (const { jail, folder } of groups) {
    for (const figure of readCgroupFigures(folder)) add(samples, jail, figure);
    // some 40 files a jail: others are not kept waiting for all of them
    await new Promise((resolve) => setImmediate(resolve));
  }
  return [...samples].map(([file, all]) => ({
    name: `prodng_jail_cgroup_${file.replaceAll(/[^a-z0-9]/g, '_')}`,
    type: 'untyped',
    help: `The kernel's ${file}, in its own unit`,
    samples: all,
  }));
}

function add(samples: Map<string, Sample[]>, jail: string, { file, labels, value }: CgroupFigure): void {
  const known = samples.get(file) ?? [];
  known.push({ labels: { jail, ...labels }, value });
  samples.set(file, known);
}
