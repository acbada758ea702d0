import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import { partitionNames } from '../disk-image.ts';
import { guidText } from '../gpt.ts';
import type { BootPartition } from './efi-boot.ts';

/** One of the two slots of this host. */
export interface HostSlot extends BootPartition {
  name: 'a' | 'b';
  /** Its device: /dev/vda1. */
  device: string;
  /** Whether the host runs from it. */
  running: boolean;
}

/** Where PID 1 tells the device of the slot that it booted. */
const runningFile = '/run/prodng/slot';

/**
 * Finds the slots of the disk that this host was booted from.
 *
 * @throws ProdngError HOST_LACKS when it was not booted from a slot of a disk with two
 */
export function hostSlots(root = '/'): { running: HostSlot; other: HostSlot } {
  const running = readText(join(root, runningFile));
  const slots = running === undefined ? [] : slotsOf(join(root, 'sys/class/block'), running);
  const own = slots.find((slot) => slot.running);
  const other = slots.find((slot) => !slot.running);
  if (own !== undefined && other !== undefined && slots.length === 2) return { running: own, other };
  throw new ProdngError('HOST_LACKS', 'this host was not booted from a slot of a disk with two', {
    hint: 'only hosts that run a base image from its disk can be updated; see docs/image.md',
  });
}

function slotsOf(devices: string, running: string): HostSlot[] {
  // vda1 of vda, nvme0n1p1 of nvme0n1
  const disk = /^(.*?)p?\d+$/.exec(running)?.[1] ?? '';
  const names = readdirSync(devices).filter(
    (name) => /^p?\d+$/.test(name.slice(disk.length)) && name.startsWith(disk),
  );
  return names.sort().flatMap((name): HostSlot[] => {
    const facts = new Map(
      (readText(join(devices, name, 'uevent')) ?? '').split('\n').map((line) => {
        const equals = line.indexOf('=');
        return [line.slice(0, equals), line.slice(equals + 1)];
      }),
    );
    const label = facts.get('PARTNAME');
    const slot = label === partitionNames.a ? 'a' : label === partitionNames.b ? 'b' : undefined;
    if (slot === undefined) return [];
    const index = Number(facts.get('PARTN'));
    const number = (file: string): number => Number(readText(join(devices, name, file)));
    return [
      {
        name: slot,
        device: `/dev/${name}`,
        running: name === running,
        number: index,
        start: number('start'),
        size: number('size'),
        uuid: partitionUuid(join(devices, '../../../dev', disk), index),
      },
    ];
  });
}

/** From the table itself: sysfs tells GUIDs only since Linux 6.9. The entries begin at the third sector, 128 bytes each. */
function partitionUuid(disk: string, number: number): string {
  const entry = Buffer.alloc(128);
  const device = openSync(disk, 'r');
  try {
    readSync(device, entry, 0, entry.length, 1024 + (number - 1) * entry.length);
  } finally {
    closeSync(device);
  }
  return guidText(entry.subarray(16, 32));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
