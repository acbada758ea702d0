import { fastifySwagger } from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { roleNeeded } from './roles.ts';

/** Has the OpenAPI 3.1 document made of the routes' schemas, and served. */
export async function swagger(server: FastifyInstance): Promise<void> {
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'prodng-agent',
        description: 'Jails on this host: installed, started, watched and kept alive.',
        version: '1',
      },
    },
    transform(input) {
      const { schema, url } = jsonSchemaTransform(input);
      const [method = 'GET'] = [input.route.method].flat();
      return { schema: { ...schema, 'x-role': roleNeeded(method, input.route.url) }, url };
    },
    transformObject: jsonSchemaTransformObject,
  });
  server.get('/openapi.json', { schema: { hide: true } }, () => server.swagger());
}
