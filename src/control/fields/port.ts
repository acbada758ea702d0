import type { z } from 'zod';

export type Protocol = 'tcp' | 'udp';

/** One item of `Jail-Listen`. */
export interface ListenPort {
  port: number;
  protocol: Protocol;
}

/** Syntax of a port, for messages. */
export const portSyntax = 'a port from 1 to 65535 with its protocol, such as 80/tcp or 53/udp';

/** `80/tcp`; undefined when it is not a port. */
export function parsePort(text: string): ListenPort | undefined {
  const [, digits, protocol] = /^(\d{1,5})\/(tcp|udp)$/.exec(text) ?? [];
  const port = Number(digits);
  if ((protocol !== 'tcp' && protocol !== 'udp') || !(port >= 1 && port <= 65535)) return undefined;
  return { port, protocol };
}

/** A port as a value in JSON. @internal */
export function portJson(zod: typeof z) {
  return zod.strictObject({ port: zod.int().min(1).max(65535), protocol: zod.enum(['tcp', 'udp']) });
}
