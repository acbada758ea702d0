import { z } from 'zod';
import type { ConnectRule, JailDeclaration } from '../control/jail-declaration.ts';

const port = z.number().int().min(1).max(65_535);
const protocol = z.enum(['tcp', 'udp']);

/** What a jail declares, as far as a record can be compared with it. */
export const declaredSchema = z.strictObject({
  capabilities: z.array(z.string().max(64)),
  /** Groups and names. */
  syscalls: z.array(z.string().max(64)),
  /** Places that may be written. */
  writable: z.array(z.strictObject({ kind: z.enum(['rw', 'tmp']), path: z.string().max(4096) })),
  network: z.enum(['none', 'loopback', 'macvlan']),
  listen: z.array(z.strictObject({ port, protocol })),
  connect: z.array(
    z.union([
      z.strictObject({ kind: z.literal('any') }),
      z.strictObject({ kind: z.literal('dns') }),
      z.strictObject({ kind: z.literal('host'), host: z.string().max(256), port, protocol }),
    ]),
  ),
});

export type Declared = z.infer<typeof declaredSchema>;

export function declaredOf(declaration: JailDeclaration): Declared {
  const { capabilities, syscalls, filesystem, network, listen, connect } = declaration;
  return {
    capabilities: [...capabilities],
    syscalls: [...syscalls],
    writable: filesystem.flatMap((mount) =>
      mount.kind === 'ro' ? [] : [{ kind: mount.kind, path: mount.path }],
    ),
    network,
    listen: listen.map(({ port: number, protocol: by }) => ({ port: number, protocol: by })),
    connect: connect.map((rule) => ({ ...rule })),
  };
}

const declarationJson = z.looseObject({
  capabilities: declaredSchema.shape.capabilities,
  syscalls: declaredSchema.shape.syscalls,
  filesystem: z.array(z.looseObject({ kind: z.enum(['ro', 'rw', 'tmp']), path: z.string().max(4096) })),
  network: declaredSchema.shape.network,
  listen: z.array(z.looseObject({ port, protocol })),
  connect: declaredSchema.shape.connect,
});

/** The same of a declaration in the JSON that the API answers. @throws ZodError when it is none */
export function declaredOfJson(value: unknown): Declared {
  const { capabilities, syscalls, filesystem, network, listen, connect } = declarationJson.parse(value);
  return {
    capabilities,
    syscalls,
    writable: filesystem.flatMap(({ kind, path }) => (kind === 'ro' ? [] : [{ kind, path }])),
    network,
    listen: listen.map(({ port: number, protocol: by }) => ({ port: number, protocol: by })),
    connect,
  };
}

/** `db.example.org:5432/tcp`, `dns`, `any`. */
export function connectText(rule: ConnectRule): string {
  return rule.kind === 'host' ? `${rule.host}:${rule.port}/${rule.protocol}` : rule.kind;
}
