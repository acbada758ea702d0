import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';

let host: AgentHost;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
});

afterAll(async () => {
  await host.endAgent('SIGTERM');
  await host.remove();
});

interface Operation {
  method: string;
  path: string;
  hasBody: boolean;
  follows: boolean;
}

interface Described {
  parameters?: { in: string; name: string }[];
  requestBody?: unknown;
}

async function operations(): Promise<Operation[]> {
  const { body } = await host.api('GET', '/openapi.json');
  const document: { openapi: string; paths: Record<string, Record<string, Described>> } = JSON.parse(body);
  expect(document.openapi).toBe('3.1.0');
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      hasBody: requestBody !== undefined,
      follows: parameters.some(({ name }) => name === 'follow'),
    })),
  );
}

it('describes every verb of the command line', async () => {
  const paths = (await operations()).map(({ method, path }) => `${method} ${path}`);
  const verbs = ['start', 'stop', 'restart', 'kill', 'freeze', 'thaw', 'upgrade', 'rollback'];
  for (const verb of verbs) expect(paths).toContain(`POST /v1/jails/{name}/${verb}`);
  expect(paths).toContain('DELETE /v1/jails/{name}');
});

it('answers every malformed request with an error of its own, and never with a fault', async () => {
  const all = await operations();
  expect(all.length).toBeGreaterThan(12);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...all),
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.jsonValue(),
      fc.record({ tail: fc.string(), interval: fc.string() }, { requiredKeys: [] }),
      async ({ method, path, hasBody }, name, body, query) => {
        const target = path.replace('{name}', encodeURIComponent(name).replaceAll('.', '%2e'));
        const search = new URLSearchParams(query).toString();
        const sent = hasBody ? JSON.stringify(body) : undefined;
        const answer = await host.api(method, search === '' ? target : `${target}?${search}`, sent);
        // what this host cannot do is no fault: it has no slots of a base image
        const isLack = answer.status === 503 && JSON.parse(answer.body).error.code === 'HOST_LACKS';
        expect(isLack || answer.status < 500, answer.body).toBe(true);
        if (answer.status >= 400)
          expect(JSON.parse(answer.body)).toMatchObject({ error: { code: expect.any(String) } });
      },
    ),
    { numRuns: 400 },
  );
});

it('answers bytes that are no JSON, or of another kind, with an error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 200 }),
      fc.constantFrom('application/json', 'text/plain', 'x'),
      async (body, type) => {
        const answer = await host.api('POST', '/v1/jails', body, type);
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
      },
    ),
    { numRuns: 100 },
  );
});

it('answers a body that is too large with 413, and lets the client send it to its end', async () => {
  for (let round = 0; round < 5; round++) {
    const body = JSON.stringify({ path: `/${'x'.repeat(2 ** 24)}` });
    expect(await host.api('POST', '/v1/jails', body)).toMatchObject({ status: 413, isSent: true });
  }
  expect((await host.api('GET', '/v1/jails')).status).toBe(200);
});
