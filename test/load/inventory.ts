import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/system/process.ts';
import type { AgentHost } from '../support/agent-host.ts';

/**
 * All that an agent and its jails have on this machine: mounts, links, control groups, processes, loop devices, and
 * files of state and run folder. Two of them tell what was left over.
 *
 * @param netns a process in the network namespace that the agent runs in, and nobody else: whoever is in it is the
 *   agent's child, even one without a word of ours on its command line
 */
export async function takeInventory(host: AgentHost, netns: number): Promise<string[]> {
  const links = await run(['nsenter', '--net', '--target', String(netns), 'ip', '-oneline', 'link']);
  return [
    ...(await host.leftovers()).map((what) => `left: ${what}`),
    ...links.stdout.split('\n').map((line) => `link: ${line.split(':')[1]?.trim() ?? ''}`),
    ...processesIn(netns, [netns, host.agent().pid ?? 0]).map((what) => `process: ${what}`),
    ...['state', 'run'].flatMap((part) => files(join(host.folder, part)).map((path) => `file: ${path}`)),
  ].toSorted();
}

/** What is in the one and not in the other. */
export function more(now: readonly string[], before: readonly string[]): string[] {
  return now.filter((what) => !before.includes(what));
}

function processesIn(netns: number, besides: readonly number[]): string[] {
  const wanted = readlinkSync(`/proc/${netns}/ns/net`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !besides.includes(Number(name)))
    .flatMap((pid) => {
      try {
        if (readlinkSync(`/proc/${pid}/ns/net`) !== wanted) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

/** Without the profiles of a jail, which are kept for as long as the jail is: of these, their folder. */
function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^profiles\/[^/]+\//.test(path))
    .map((path) => join(folder, path));
}
