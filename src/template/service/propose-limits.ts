import { constants } from 'node:os';
import { canonicalCapability, whyIneffective } from '../../control/capabilities.ts';
import { formatDuration, formatSize } from '../../control/quantity.ts';
import { isSyscallName, syscallGroups } from '../../control/syscalls.ts';
import { ownValue } from '../../system/own-value.ts';
import { settingOf, settingsOf, type Unit } from '../../systemd-unit/unit.ts';
import { parseBytes, parseTimeSpan } from '../../systemd-unit/unit-values.ts';
import type { Proposal } from './proposal.ts';

/** Limits when neither the user nor the unit says: services have threads. */
export const usualLimits = { memory: '128M', cpu: '50%', pids: 64 };

const leastMemory = 16 * 2 ** 20;

/** Jail-Memory, Jail-Cpu, Jail-Pids, Jail-Capabilities, Jail-Syscalls, Jail-Restart and Jail-Stop. */
export function proposeLimits(unit: Unit, memory: string | undefined, proposal: Proposal): void {
  proposal.set('Memory', memory ?? memoryOf(unit, proposal));
  proposal.set('Cpu', cpuOf(unit, proposal));
  proposal.set('Pids', String(pidsOf(unit, proposal)));
  proposeCapabilities(unit, proposal);
  proposeSyscalls(unit, proposal);
  proposeRestart(unit, proposal);
  proposeStop(unit, proposal);
}

function memoryOf(unit: Unit, proposal: Proposal): string {
  const setting = settingOf(unit, 'Service', 'MemoryMax') ?? settingOf(unit, 'Service', 'MemoryLimit');
  if (setting === undefined) return usualLimits.memory;
  const bytes = parseBytes(setting.value);
  if (bytes !== undefined && bytes >= leastMemory && Number.isFinite(bytes)) return formatSize(bytes);
  proposal.note('Memory', `${setting.name}=${setting.value}: not an amount that a jail can have.`);
  return usualLimits.memory;
}

function cpuOf(unit: Unit, proposal: Proposal): string {
  const setting = settingOf(unit, 'Service', 'CPUQuota');
  if (setting === undefined || setting.value === '') return usualLimits.cpu;
  if (/^[1-9]\d{0,4}%$/.test(setting.value)) return setting.value;
  proposal.note('Cpu', `CPUQuota=${setting.value}: not a share that a jail can have.`);
  return usualLimits.cpu;
}

function pidsOf(unit: Unit, proposal: Proposal): number {
  const setting = settingOf(unit, 'Service', 'TasksMax') ?? settingOf(unit, 'Service', 'LimitNPROC');
  if (setting === undefined) return usualLimits.pids;
  const count = /^\d{1,5}$/.test(setting.value) ? Number(setting.value) : 0;
  if (count >= 1 && count <= 32_768) return count;
  proposal.note('Pids', `${setting.name}=${setting.value}: a jail always has a limit.`);
  return usualLimits.pids;
}

function proposeCapabilities(unit: Unit, proposal: Proposal): void {
  const ambient = settingsOf(unit, 'Service', 'AmbientCapabilities').flatMap(({ value }) =>
    value.split(/\s+/),
  );
  const wanted: string[] = [];
  for (const word of ambient) {
    const name = canonicalCapability(word);
    const why = name === undefined ? 'not a capability that is known here' : whyIneffective(name);
    if (name === 'CAP_NET_BIND_SERVICE')
      proposal.note(
        'Capabilities',
        'AmbientCapabilities=CAP_NET_BIND_SERVICE: not needed: every port is free to use in a jail.',
      );
    else if (name === undefined || why !== undefined)
      proposal.note('Capabilities', `AmbientCapabilities=${word}: ${why ?? 'unknown'}.`);
    else wanted.push(name.replace('CAP_', ''));
  }
  if (wanted.length > 0) proposal.set('Capabilities', [...new Set(wanted)].sort().join(', '));
  const bounds = settingsOf(unit, 'Service', 'CapabilityBoundingSet').map(({ value }) => value);
  if (bounds.length > 0 && settingOf(unit, 'Service', 'User') === undefined)
    proposal.note(
      'Capabilities',
      `CapabilityBoundingSet=${bounds.join(' ')}: what a unit that starts as root may use at most; here it starts as its user and needs none to become one.`,
    );
}

function proposeSyscalls(unit: Unit, proposal: Proposal): void {
  const settings = settingsOf(unit, 'Service', 'SystemCallFilter');
  const allowed: string[] = [];
  for (const { value } of settings) {
    if (value.startsWith('~')) {
      proposal.note(
        'Syscalls',
        `SystemCallFilter=${value}: Jail-Syscalls is a list of what is allowed; nothing is taken from it.`,
      );
      continue;
    }
    for (const word of value.split(/\s+/)) {
      const [name = ''] = word.split(':');
      if (syscallGroups.includes(name) || isSyscallName(name)) allowed.push(name);
      else
        proposal.note('Syscalls', `SystemCallFilter=${word}: not a group or system call that is known here.`);
    }
  }
  // a runtime needs some of its own to start anything: the groups of services have them
  if (allowed.length === 0) return;
  if (!allowed.includes('@system-service')) {
    proposal.note(
      'Syscalls',
      '@system-service is added: the unit lists less than a runtime needs to start it.',
    );
    allowed.unshift('@system-service');
  }
  if (allowed.length > 1 || allowed[0] !== '@system-service')
    proposal.set('Syscalls', [...new Set(allowed)].join(', '));
}

function proposeRestart(unit: Unit, proposal: Proposal): void {
  const policy = settingOf(unit, 'Service', 'Restart')?.value;
  const policies: Readonly<Record<string, string>> = {
    no: 'no',
    always: 'always',
    'on-failure': 'on-failure',
    'on-abnormal': 'on-failure',
    'on-abort': 'on-failure',
    'on-watchdog': 'on-failure',
    'on-success': 'always',
  };
  const own = ownValue(policies, policy ?? '');
  if (policy !== undefined && own !== policy)
    proposal.note('Restart', `Restart=${policy}: a jail knows no, on-failure and always.`);
  const delay = settingOf(unit, 'Service', 'RestartSec')?.value;
  const ms = delay === undefined ? undefined : parseTimeSpan(delay);
  const backoff = ms !== undefined && ms >= 100 && ms <= 300_000 ? ` backoff=${formatDuration(ms)}` : '';
  if (own !== undefined && (own !== 'on-failure' || backoff !== ''))
    proposal.set('Restart', `${own}${own === 'no' ? '' : backoff}`);
}

function proposeStop(unit: Unit, proposal: Proposal): void {
  const wanted = settingOf(unit, 'Service', 'KillSignal')?.value;
  const known = Object.keys(constants.signals).find((name) => name === wanted || name === `SIG${wanted}`);
  if (wanted !== undefined && known === undefined)
    proposal.note('Stop', `KillSignal=${wanted}: not a signal that is known here.`);
  const setting = settingOf(unit, 'Service', 'TimeoutStopSec') ?? settingOf(unit, 'Service', 'TimeoutSec');
  const ms = setting === undefined ? undefined : parseTimeSpan(setting.value);
  // 0 and infinity mean forever, which a jail never waits
  const usable = ms !== undefined && ms > 0 && ms <= 600_000;
  if (setting !== undefined && !usable)
    proposal.note('Stop', `${setting.name}=${setting.value}: a jail does not wait forever before it kills.`);
  if (known === undefined && !usable) return;
  proposal.set('Stop', `${known ?? 'SIGTERM'} ${usable ? formatDuration(ms) : '10s'}`);
}
