import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import { readKeyring } from '../../sign/keyring.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import { type OpenSlot, openSlot } from '../slot.ts';
import { imageDigest, verifySlot } from '../verify-slot.ts';
import { EfiBoot } from './efi-boot.ts';
import {
  armed,
  committed,
  type RecordedImage,
  readHostRecord,
  rolledBack,
  updateFault,
  withoutFailed,
  writeHostRecord,
} from './host-record.ts';
import { type HostSlot, hostSlots } from './host-slots.ts';

const trustFolder = '/etc/prodng/trust';
/** PID 1 looks for it before the deadline of a trial. */
const committedFile = '/run/prodng/committed';
const trialFile = '/run/prodng/trial';
/** The root hash of the image that one start tries, on the data partition: PID 1 compares it with its own. */
const armedFile = '/var/lib/prodng/trial';
const dataFile = '/run/prodng/data';

/** What is in a slot, as read from the disk. */
export interface SlotView {
  slot: 'a' | 'b';
  running: boolean;
  /** Absent for an empty or damaged slot. */
  image?: { name: string; version: string; digest: string; date: string };
}

export interface HostStatus {
  slots: SlotView[];
  /** Whether the running image is on trial: not committed yet. */
  trial: boolean;
  /** The slot that the firmware boots next, where it is not the running one. */
  next?: 'a' | 'b';
  /** What PID 1 says of /var: whole, repaired, read-only or volatile. */
  data: string;
  /** Images that failed their trial here, or were rolled back. */
  refused: string[];
}

/** @throws ProdngError HOST_LACKS when the host does not run a base image from a disk */
export async function hostStatus(): Promise<HostStatus> {
  const { running, other } = hostSlots();
  const efi = new EfiBoot();
  const next = efi.next();
  const { refused } = await readHostRecord();
  return {
    slots: await Promise.all([running, other].sort((x, y) => (x.name < y.name ? -1 : 1)).map(viewOf)),
    trial: isOnTrial(),
    ...(next !== undefined && next === efi.find(other) ? { next: other.name } : {}),
    data: textOf(dataFile) ?? 'unknown',
    refused,
  };
}

/**
 * Writes part of an image to the slot that the host does not run from. Nothing is booted from it before armUpdate has
 * verified it.
 *
 * @param offset bytes from the start of the slot
 * @throws ProdngError IMAGE when the slot is too small, IO, HOST_LACKS
 */
export async function writeUpdate(offset: number, bytes: Uint8Array): Promise<void> {
  const { running, other } = hostSlots();
  if (offset + bytes.length > other.size * 512)
    throw new ProdngError(
      'IMAGE',
      `the image does not fit the slots of this host: ${other.size * 512} bytes`,
    );
  // whatever is written, the firmware goes on with the slot that runs
  const efi = new EfiBoot();
  if (offset === 0 && efi.isThere()) efi.putFirst([efi.entryFor(running, entryName(running))]);
  const device = await open(other.device, 'r+');
  try {
    for (let done = 0; done < bytes.length; )
      done += (await device.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    await device.sync();
  } finally {
    await device.close();
  }
}

/**
 * Verifies what is in the other slot, as read back from the disk, against the policy of this host, and has the firmware
 * boot it once.
 *
 * @param again take an image that failed here or was rolled back
 * @returns what will be tried
 * @throws ProdngError SIGNATURE when no trusted key has signed it or a part is damaged, POLICY when it is older than
 *   what runs here or was refused here before, IMAGE when there is none
 */
export async function armUpdate(again = false): Promise<SlotView> {
  const { running, other } = hostSlots();
  const efi = new EfiBoot();
  if (!efi.isThere())
    throw new ProdngError(
      'HOST_LACKS',
      'the firmware has no variables: there is no way back from a bad image',
    );
  if (isOnTrial())
    throw new ProdngError('POLICY', 'the running image is on trial', { hint: 'run: prodng host commit' });
  const slot = await openSlot(other.device);
  try {
    const image = recordedOf(slot);
    await admitImage(slot, image, again);
    await writeHostRecord(armed(await readHostRecord(), image));
    await writeFileAtomic(armedFile, slot.header.rootHash, 0o600);
  } finally {
    await slot.close();
  }
  // the running slot stays first: whatever happens to the trial, the next start is from it
  efi.putFirst([efi.entryFor(running, entryName(running))]);
  efi.setNext(efi.entryFor(other, entryName(other)));
  return await viewOf(other);
}

async function admitImage(slot: OpenSlot, image: RecordedImage, again: boolean): Promise<void> {
  const names = readdirSync(trustFolder);
  const keyring = (await Promise.all(names.map((name) => readKeyring(join(trustFolder, name))))).flat();
  const checks = await verifySlot(slot, keyring);
  const failed = checks.filter(
    ({ name, result }) => result === 'failed' || (name === 'signature' && result !== 'passed'),
  );
  if (failed.length > 0)
    throw new ProdngError(
      'SIGNATURE',
      `the image is refused:\n  ${failed.map((each) => each.message).join('\n  ')}`,
    );
  const fault = updateFault(await readHostRecord(), image, again);
  if (fault !== undefined)
    throw new ProdngError('POLICY', fault, { hint: 'an image that was refused before: --again' });
}

function recordedOf(slot: OpenSlot): RecordedImage {
  const { version, date } = slot.manifest;
  return { digest: imageDigest(slot), version, date };
}

/** Whether the image that runs has still to be committed. */
export function isOnTrial(): boolean {
  return textOf(trialFile) !== undefined && textOf(committedFile) === undefined;
}

/**
 * Makes the running slot the one that the firmware boots. It reads all of the slot first: what was not read since the
 * start is verified too.
 *
 * @throws ProdngError SIGNATURE when the slot is damaged, HOST_LACKS, IO
 */
export async function commitHost(): Promise<HostStatus> {
  const { running, other } = hostSlots();
  const efi = new EfiBoot();
  const slot = await openSlot(running.device);
  try {
    const damaged = (await verifySlot(slot, [])).filter(
      ({ name, result }) => result === 'failed' && name !== 'signature',
    );
    if (damaged.length > 0)
      throw new ProdngError(
        'SIGNATURE',
        `the running slot is damaged: ${damaged.map((each) => each.message).join('; ')}`,
      );
    if (efi.isThere())
      efi.putFirst([efi.entryFor(running, entryName(running)), efi.entryFor(other, entryName(other))]);
    // armed before the first image of a host was committed: the firmware has yet to try it
    const isPending = efi.isThere() && efi.next() !== undefined;
    await writeHostRecord(committed(await readHostRecord(), recordedOf(slot), isPending));
    if (!isPending) rmSync(armedFile, { force: true });
  } finally {
    await slot.close();
  }
  writeFileSync(committedFile, '');
  return await hostStatus();
}

/** Whether the running image was committed here; the first image of a host is not, before its first start is over. */
export async function isCommitted(): Promise<boolean> {
  const view = await viewOf(hostSlots().running);
  return view.image !== undefined && view.image.digest === (await readHostRecord()).committed;
}

/**
 * After a start: an image that was armed, is not to be tried at the next start, and does not run has failed. It is
 * refused from now on.
 *
 * @returns its digest
 */
export async function refuseFailedTrial(): Promise<string | undefined> {
  if (new EfiBoot().next() !== undefined) return undefined;
  const { image } = await viewOf(hostSlots().running);
  const before = await readHostRecord();
  const after = withoutFailed(before, image?.digest ?? '');
  if (after === undefined) return undefined;
  await writeHostRecord(after);
  rmSync(armedFile, { force: true });
  return before.trying?.digest;
}

/**
 * Has the firmware boot the other slot from now on, if it holds a whole image that was not refused here. The running image
 * is refused from now on: what updates this host does not bring it back.
 *
 * @throws ProdngError SIGNATURE, IMAGE, HOST_LACKS, POLICY
 */
export async function rollbackHost(): Promise<SlotView> {
  const { running, other } = hostSlots();
  const efi = new EfiBoot();
  const slot = await openSlot(other.device);
  try {
    const checks = await verifySlot(slot, []);
    const damaged = checks.filter(({ name, result }) => result === 'failed' && name !== 'signature');
    if (damaged.length > 0) throw new ProdngError('SIGNATURE', `slot ${other.name} is damaged`);
    const record = await readHostRecord();
    if (record.refused.includes(imageDigest(slot)))
      throw new ProdngError(
        'POLICY',
        `slot ${other.name} has an image that failed here, or was rolled back`,
        {
          hint: 'prodng host update --again tries it once more',
        },
      );
    const { image } = await viewOf(running);
    if (image !== undefined) await writeHostRecord(rolledBack(record, image.digest));
  } finally {
    await slot.close();
  }
  efi.putFirst([efi.entryFor(other, entryName(other)), efi.entryFor(running, entryName(running))]);
  return await viewOf(other);
}

/**
 * Has PID 1 shut the host down and restart it, once the answer to who asked is out.
 *
 * @throws ProdngError HOST_LACKS where PID 1 is another program
 */
export function rebootHost(): void {
  hostSlots();
  setTimeout(() => process.kill(1, 'SIGTERM'), 200);
}

async function viewOf(slot: HostSlot): Promise<SlotView> {
  const view = { slot: slot.name, running: slot.running };
  try {
    const opened = await openSlot(slot.device);
    await opened.close();
    const { name, version, date } = opened.manifest;
    return {
      ...view,
      image: { name, version, digest: imageDigest(opened), date: new Date(date * 1000).toISOString() },
    };
  } catch (error) {
    if (error instanceof ProdngError && error.code === 'IMAGE') return view;
    throw error;
  }
}

function entryName({ name }: HostSlot): string {
  return `ProdNG slot ${name}`;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
