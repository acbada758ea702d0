/** An entry of an initramfs: a folder has no content; a character device has its numbers. */
export interface CpioEntry {
  /** Relative. */
  path: string;
  /** With the file's type, inode(7). */
  mode: number;
  content?: Buffer;
  device?: { major: number; minor: number };
}

/**
 * Writes an archive in the format that the kernel unpacks as initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst): "newc", all owned by root and without times.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => encode(entry, index + 1));
  return Buffer.concat([...parts, ...encode({ path: 'TRAILER!!!', mode: 0 }, 0)]);
}

function encode({ path, mode, content = Buffer.alloc(0), device }: CpioEntry, inode: number): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const numbers = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, device?.major ?? 0, device?.minor ?? 0];
  const fields = [...numbers, name.length, 0].map((value) => value.toString(16).padStart(8, '0'));
  const head = Buffer.concat([Buffer.from(`070701${fields.join('')}`), name]);
  return [head, padding(head.length), content, padding(content.length)];
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
