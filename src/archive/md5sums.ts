import { createHash, type Hash } from 'node:crypto';

/** Collects the text of a package's `md5sums`, deb-md5sums(5): a line `MD5  PATH` for each regular file. */
export class Md5Sums {
  #lines: string[] = [];
  #hash: Hash = createHash('md5');

  /** Takes more bytes of the file that `endFile` will name. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  endFile(path: string): void {
    this.#lines.push(`${this.#hash.digest('hex')}  ${path}\n`);
    this.#hash = createHash('md5');
  }

  toBuffer(): Buffer {
    return Buffer.from(this.#lines.join(''));
  }
}
