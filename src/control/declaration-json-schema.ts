import { z } from 'zod';
import type { JailDeclaration } from './jail-declaration.ts';

const text = z.string();
const count = z.int().positive();
const port = z.int().min(1).max(65535);
const protocol = z.enum(['tcp', 'udp']);
const times = { interval: count, timeout: count };

/**
 * A declaration as a value in JSON: state files and the API hold declarations in this form. The compiler keeps it
 * equal to JailDeclaration.
 */
export const jailDeclarationSchema = z.strictObject({
  format: z.literal(1),
  command: z.array(text).min(1),
  user: text,
  workdir: text,
  environment: z.record(text, text),
  capabilities: z.array(text),
  filesystem: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('rw'), path: text, size: count.exactOptional() }),
      z.strictObject({ kind: z.literal('tmp'), path: text, size: count }),
      z.strictObject({ kind: z.literal('ro'), hostPath: text, path: text }),
    ]),
  ),
  network: z.enum(['none', 'loopback', 'macvlan']),
  listen: z.array(z.strictObject({ port, protocol })),
  connect: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('any') }),
      z.strictObject({ kind: z.literal('dns') }),
      z.strictObject({ kind: z.literal('host'), host: text, port, protocol }),
    ]),
  ),
  memory: count,
  cpu: count,
  pids: count,
  io: z.array(
    z.strictObject({
      device: text,
      readBytesPerSecond: count.exactOptional(),
      writeBytesPerSecond: count.exactOptional(),
      readOperationsPerSecond: count.exactOptional(),
      writeOperationsPerSecond: count.exactOptional(),
    }),
  ),
  syscalls: z.array(text),
  health: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('http'), url: text, port, path: text, ...times }),
      z.strictObject({ kind: z.literal('tcp'), port, ...times }),
      z.strictObject({ kind: z.literal('command'), argv: z.array(text).min(1), ...times }),
    ])
    .exactOptional(),
  restart: z.strictObject({ policy: z.enum(['no', 'on-failure', 'always']), backoff: count }),
  stop: z.strictObject({ signal: text, timeout: z.int().nonnegative() }),
  compose: z.enum(['extract', 'install']),
  prune: z.array(text),
  inputs: z.array(z.strictObject({ url: text, sha256: z.string().regex(/^[0-9a-f]{64}$/), path: text })),
}) satisfies z.ZodType<JailDeclaration>;
