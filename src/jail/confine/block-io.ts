import { statSync } from 'node:fs';
import type { IoLimit } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { OciResources, OciThrottle } from '../runtime/oci-types.ts';
import type { CgroupMode } from '../runtime/runtime.ts';

/**
 * The limits of block devices by their numbers, as the kernel wants them.
 *
 * @throws ProdngError HOST_LACKS when this host has no such device
 */
export function blockIoOf(limits: readonly IoLimit[]): OciResources['blockIO'] {
  if (limits.length === 0) return undefined;
  const throttles = (key: Exclude<keyof IoLimit, 'device'>): OciThrottle[] =>
    limits.flatMap((limit) => {
      const rate = limit[key];
      return rate === undefined ? [] : [{ ...deviceNumber(limit.device), rate }];
    });
  return {
    throttleReadBpsDevice: throttles('readBytesPerSecond'),
    throttleWriteBpsDevice: throttles('writeBytesPerSecond'),
    throttleReadIOPSDevice: throttles('readOperationsPerSecond'),
    throttleWriteIOPSDevice: throttles('writeOperationsPerSecond'),
  };
}

/** The limits in the words that readings of the kernel have, sorted. */
export function declaredIo(limits: OciResources['blockIO'] = {}): string[] {
  const lines = (list: OciThrottle[] | undefined, key: IoKey) =>
    (list ?? []).map(({ major, minor, rate }) => `${major}:${minor} ${key} ${rate}`);
  return [
    ...lines(limits.throttleReadBpsDevice, 'rbps'),
    ...lines(limits.throttleWriteBpsDevice, 'wbps'),
    ...lines(limits.throttleReadIOPSDevice, 'riops'),
    ...lines(limits.throttleWriteIOPSDevice, 'wiops'),
  ].sort();
}

type IoKey = 'rbps' | 'wbps' | 'riops' | 'wiops';

/** The files of the v1 controller, by the keys of v2's io.max. */
const v1Files: Readonly<Record<IoKey, string>> = {
  rbps: 'blkio.throttle.read_bps_device',
  wbps: 'blkio.throttle.write_bps_device',
  riops: 'blkio.throttle.read_iops_device',
  wiops: 'blkio.throttle.write_iops_device',
};

/**
 * Reads what limits a control group has, in the same words.
 *
 * @param read a file of its controller, undefined when there is none
 */
export function readIo(mode: CgroupMode, read: (file: string) => string | undefined): string[] {
  const lines = (file: string) => (read(file) ?? '').split('\n').filter((line) => line !== '');
  if (mode === 'v1')
    return Object.entries(v1Files)
      .flatMap(([key, file]) => lines(file).map((line) => line.replace(' ', ` ${key} `)))
      .sort();
  return lines('io.max')
    .flatMap((line) => {
      const [device, ...settings] = line.split(' ');
      return settings
        .filter((setting) => !setting.endsWith('=max'))
        .map((setting) => `${device} ${setting.replace('=', ' ')}`);
    })
    .sort();
}

function deviceNumber(device: string): { major: number; minor: number } {
  const [, major, minor] = /^(\d+):(\d+)$/.exec(device) ?? [];
  if (major !== undefined && minor !== undefined) return { major: Number(major), minor: Number(minor) };
  const stat = statSync(device, { throwIfNoEntry: false });
  if (stat?.isBlockDevice() !== true)
    throw new ProdngError('HOST_LACKS', `Jail-Io: ${device} is no block device of this host`, {
      hint: 'lsblk lists them; build the jail with a device that its hosts have',
    });
  // makedev(3)
  return {
    major: ((stat.rdev >>> 8) & 0xfff) | (Math.floor(stat.rdev / 2 ** 32) & ~0xfff),
    minor: (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00),
  };
}
