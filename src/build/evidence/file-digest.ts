import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';

/** A file as .changes and .buildinfo list it. */
export interface FileDigest {
  /** Without its folder. */
  name: string;
  /** Bytes. */
  size: number;
  md5: string;
  sha1: string;
  sha256: string;
}

/** Reads a file once for all its digests. @throws ProdngError IO */
export async function digestFile(path: string): Promise<FileDigest> {
  const hashes = [createHash('md5'), createHash('sha1'), createHash('sha256')] as const;
  let size = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      size += chunk.length;
      for (const hash of hashes) hash.update(chunk);
    }
  } catch (cause) {
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
  const [md5, sha1, sha256] = hashes;
  return {
    name: basename(path),
    size,
    md5: md5.digest('hex'),
    sha1: sha1.digest('hex'),
    sha256: sha256.digest('hex'),
  };
}

/** The digests of a text that is to be a file of that name. */
export function digestText(name: string, text: string): FileDigest {
  const bytes = Buffer.from(text);
  const hex = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
  return { name, size: bytes.length, md5: hex('md5'), sha1: hex('sha1'), sha256: hex('sha256') };
}

/** The value of a Checksums field: one file a line, below the field's name. */
export function checksumLines(files: readonly FileDigest[], algorithm: 'md5' | 'sha1' | 'sha256'): string {
  return files.map((file) => `\n${file[algorithm]} ${file.size} ${file.name}`).join('');
}
