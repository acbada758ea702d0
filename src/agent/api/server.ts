import { fastify } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { Agent } from '../agent.ts';
import { evidenceRoutes } from '../evidence/evidence-routes.ts';
import { execRoute, serveExec } from '../exec/exec-server.ts';
import { hostRoutes } from '../host/host-routes.ts';
import { requests } from '../metrics/agent-metrics.ts';
import { historyRoutes } from '../metrics/history-routes.ts';
import { observationRoutes } from '../observation/observation-routes.ts';
import { configurationRoutes } from '../operator/configuration-routes.ts';
import { credentialRoutes } from '../operator/credential-routes.ts';
import { PackageFinder } from '../packages/package-source.ts';
import { agentPaths } from '../state/agent-paths.ts';
import { actingFor, actorOf } from './actor.ts';
import { answerClientError, answerUnknownRoutes, parseJsonBodies } from './answers.ts';
import { apiError, httpStatus } from './api-error.ts';
import { type ApiServer, withTypes } from './api-schema.ts';
import { roleOf } from './client-role.ts';
import { eventRoutes } from './event-routes.ts';
import { jailRoutes } from './jail-routes.ts';
import { logRoutes } from './log-routes.ts';
import { assertRole, roleNeeded } from './roles.ts';
import { assertSameSite } from './same-site.ts';
import { streamType } from './sse.ts';
import { statsRoutes } from './stats-routes.ts';
import { swagger } from './swagger.ts';
import { versionRoutes } from './version-routes.ts';

/** The API, listening nowhere yet. Its OpenAPI document is at /openapi.json. */
export async function makeServer(agent: Agent, logger: Pick<Logger, 'error'>): Promise<ApiServer> {
  const server = withTypes(
    fastify({
      bodyLimit: 2 ** 20,
      // the arguments of exec stand in its query
      http: { maxHeaderSize: 2 ** 17 },
      forceCloseConnections: true,
      // a slow client must not hold a connection for good
      requestTimeout: 30_000,
      clientErrorHandler: answerClientError,
      // such as an address whose percent signs decode to no text
      frameworkErrors: (error, _request, reply) => {
        reply.hijack();
        const body = JSON.stringify(apiError(asProdngError(error)));
        reply.raw.writeHead(statusIn(error) ?? 400, { 'content-type': 'application/json; charset=utf-8' });
        reply.raw.end(body);
      },
    }),
  );
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler((error, _request, reply) => {
    // fastify closes the connection then, which resets it under a client that is still sending: Node discards the rest
    if (statusIn(error) === 413) reply.removeHeader('connection');
    const known = asProdngError(error);
    if (known.code === 'INTERNAL') logger.error(error);
    return reply.status(statusIn(error) ?? httpStatus(known.code)).send(apiError(known));
  });
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) roleNeeded(one, url);
  });
  server.addHook('onRequest', async ({ raw, method, routeOptions: { url } }) => {
    assertSameSite({ method: raw.method ?? '', headers: raw.headers, socket: raw.socket });
    // what routes there are is told to those only who may read something
    const needed = url === undefined ? 'viewer' : roleNeeded(method, url);
    assertRole(roleOf(raw.socket, agent.options.roles), needed, actorOf(raw));
  });
  parseJsonBodies(server);
  answerUnknownRoutes(server);
  await swagger(server);
  await server.register(async (scope) => {
    const routes = withTypes(scope);
    jailRoutes(routes, agent);
    execRoute(routes);
    versionRoutes(routes, agent);
    logRoutes(routes, agent);
    eventRoutes(routes, agent);
    statsRoutes(routes, agent);
    historyRoutes(routes, agent);
    observationRoutes(routes, agent);
    evidenceRoutes(routes, agent);
    credentialRoutes(routes, agent);
    configurationRoutes(routes, agent);
    hostRoutes(routes);
  });
  // behind the reading of the body, which would lose it
  server.addHook('preHandler', (request, _reply, done) => actingFor(actorOf(request.raw), done));
  server.addHook('onResponse', async ({ method, routeOptions }, { raw, statusCode, elapsedTime }) => {
    // a stream goes on for as long as its reader wants
    if (raw.getHeader('content-type') === streamType) return;
    requests.took(method, routeOptions.url ?? 'none', statusCode, elapsedTime / 1000);
  });
  const executing = serveExec(server.server, agent);
  server.addHook('preClose', async () => {
    // fastify does so only where it listens itself, and Node forgets connections that were upgraded: a follower would
    // keep the agent from ending
    server.server.close();
    server.server.closeAllConnections();
    for (const socket of executing) socket.destroy();
  });
  return server;
}

/** What the API of an agent is, for whoever has none at hand. */
export async function openApiDocument(): Promise<object> {
  const nowhere = { state: '/var/lib/prodng', cache: '/var/cache/prodng', run: '/run/prodng' };
  const paths = agentPaths(nowhere, {});
  const agent = new Agent({
    paths,
    log: { size: 0, rate: { seconds: 1, lines: 0, bytes: 0 } },
    keepVersions: 1,
    startsAtOnce: 1,
    admit: async () => {},
    mostOfTree: { entries: 0, bytes: 0 },
    raise: {},
    volumes: { withoutSize: 'allow', reserve: false },
    networks: { byName: {} },
    roles: {},
    observation: { mode: 'off', recordNew: 0, keep: { runs: 1, bytes: 0 } },
    history: { seconds: 0, bytes: 0 },
    finder: new PackageFinder({ paths, signed: false }),
  });
  const server = await makeServer(agent, { error: () => {} });
  await server.ready();
  try {
    return server.swagger();
  } finally {
    await server.close();
  }
}

/** Fastify's own refusals have a status: 413, 415. */
function statusIn(error: unknown): number | undefined {
  if (error instanceof ProdngError || !(error instanceof Error) || !('statusCode' in error)) return undefined;
  const status = Number(error.statusCode);
  return status >= 400 && status < 500 ? status : undefined;
}

/** What the kernel says when it is the host that is full, read-only or broken, errno(3). */
const hostFaults = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM']);

function asProdngError(error: unknown): ProdngError {
  if (error instanceof ProdngError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const faults = error.validation.map(
      ({ instancePath, message }) => `${instancePath.slice(1) || 'request'}: ${message ?? 'wrong'}`,
    );
    return new ProdngError('USAGE', faults.join('; '), {
      hint: 'see --help, or /openapi.json of the API',
    });
  }
  const code = errnoOf(error) ?? '';
  if (error instanceof Error && hostFaults.has(code))
    return new ProdngError('HOST_LACKS', `the host cannot: ${error.message}`, {
      hint: 'nothing was changed; see the disks and limits of this host: df -h, dmesg',
      cause: error,
    });
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500)
    return new ProdngError('USAGE', error.message);
  return new ProdngError(
    'INTERNAL',
    `internal fault: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error },
  );
}
