import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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

/** Sends bytes, and gives all that comes back until the agent ends the connection. */
async function answersTo(bytes: string): Promise<string> {
  const socket = connect(join(host.folder, 'run/agent.sock'));
  socket.write(bytes);
  return text(socket);
}

const hidden = 'GET /v1/events HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n';

it.each([
  [
    'a length and a coding',
    `Content-Length: ${hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  ],
  ['two lengths', `Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
  ['a list of lengths', `Content-Length: 0, ${hidden.length}\r\n\r\n${hidden}`],
  ['a signed length', `Content-Length: +${hidden.length}\r\n\r\n${hidden}`],
  ['a coding that is none', `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`],
  ['a coding with a blank before the colon', `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`],
  ['a folded coding', `Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${hidden}`],
  ['a chunk with a bare end of line', `Transfer-Encoding: chunked\r\n\r\n0\n\n${hidden}`],
])('item 17: a request with %s is refused, and none is read after it', async (_what, rest) => {
  const said = await answersTo(
    `POST /v1/jails HTTP/1.1\r\nHost: agent\r\nContent-Type: application/json\r\n${rest}`,
  );
  expect(said).toMatch(/^HTTP\/1\.1 400 /);
  expect(said.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
});

it('item 17: the same request without such a trick is answered, and so is the one after it', async () => {
  const said = await answersTo(`GET /v1/jails HTTP/1.1\r\nHost: agent\r\n\r\n${hidden}`);
  expect(said.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
});
