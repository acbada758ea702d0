import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readInForce } from '../../jail/confine/in-force.ts';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import type { BundleWriter } from '../bundle/bundle-writer.ts';
import { redactVariable } from './environment.ts';
import { addProcFile } from './proc-file.ts';

type Run = RunRecord & { pid: number };

/** What is in force for the first process, read now from the kernel. */
export async function collectInForce(bundle: BundleWriter, run: Run): Promise<void> {
  const item = { path: 'jail/in-force.json', source: `/proc/${run.pid}`, artifact: 'ProdNGJailInForce' };
  try {
    const { capabilities, ...inForce } = readInForce(run.pid, run.cgroups);
    const sets = Object.fromEntries(
      Object.entries(capabilities).map(([name, bits]) => [name, `0x${bits.toString(16)}`]),
    );
    await bundle.addJson(item, { capabilities: sets, ...inForce });
  } catch (error) {
    bundle.failed(item.source, item.artifact, error);
  }
}

/** The OCI configuration that the runtime was given. */
export async function collectOci(bundle: BundleWriter, run: Run, secrets: boolean): Promise<void> {
  const source = join(run.bundle, 'config.json');
  const item = { path: 'jail/config.json', source, artifact: 'ProdNGJailConfiguration' };
  await addProcFile(bundle, item, (bytes) => {
    if (secrets) return bytes;
    const config: unknown = JSON.parse(bytes.toString('utf8'));
    return Buffer.from(`${JSON.stringify(config, (key, value: unknown) => redactEnv(key, value), 1)}\n`);
  });
  const { runtime: _, ...record } = run;
  await bundle.addJson({ path: 'jail/run.json', source: run.bundle, artifact: 'ProdNGJailRun' }, record);
}

function redactEnv(key: string, value: unknown): unknown {
  if (key !== 'env' || !Array.isArray(value)) return value;
  return value.map((variable) => redactVariable(String(variable)));
}

/** Every readable file of its control groups: limits, use, pressure. */
export async function collectCgroup(bundle: BundleWriter, { cgroup, cgroups }: Run): Promise<void> {
  const top = '/sys/fs/cgroup';
  const folders =
    cgroups === 'v2'
      ? [['unified', join(top, cgroup)] as const]
      : readdirSync(top).map((name) => [name, join(top, name, cgroup)] as const);
  for (const [hierarchy, folder] of folders)
    for (const name of figuresIn(folder))
      await addProcFile(bundle, {
        path: `cgroup/${hierarchy}/${name}`,
        source: join(folder, name),
        artifact: 'ProdNGJailCgroup',
      });
}

/** Files that only can be written are none. */
const writeOnly =
  /^(?:cgroup\.(?:kill|event_control)|devices\.(?:allow|deny)|memory\.(?:force_empty|reclaim|pressure_level)|blkio\.reset_stats)$/;

function figuresIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !writeOnly.test(entry.name))
      .map(({ name }) => name)
      .toSorted();
  } catch {
    return [];
  }
}

/** The number and hash of the last event, as the agent keeps it beside the log. */
export function readEventHead(events: string): { seq: number; hash: string } | undefined {
  try {
    const [, seq, hash] = /^(\d{16}) ([0-9a-f]{64})\n$/.exec(readFileSync(`${events}.head`, 'utf8')) ?? [];
    return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
  } catch {
    return undefined;
  }
}
