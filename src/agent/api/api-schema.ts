import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { jailNamePattern } from '../state/jail-name.ts';
import { apiErrorSchema } from './api-error.ts';

/** A server whose routes have the types of their zod schemas. */
export type ApiServer = ReturnType<typeof withTypes>;

export function withTypes(server: FastifyInstance) {
  return server.withTypeProvider<ZodTypeProvider>();
}

export const jailNameSchema = z
  .string()
  .regex(jailNamePattern, "not a jail's name: it is a package's, or PACKAGE@INSTANCE such as web@2");

export const jailParams = z.object({ name: jailNameSchema });

/** What every operation may answer instead. */
export const failures = { '4xx': apiErrorSchema, '5xx': apiErrorSchema };
