// {{name}}: answers HTTP requests.

import { createServer } from 'node:http';

const answers = new Map([
  ['/', 'Hello from {{name}}\n'],
  ['/healthz', 'ok\n'],
]);

const port = Number(process.argv[2] ?? {{port}});

const server = createServer((request, response) => {
  const text = answers.get(request.url.split('?', 1)[0]);
  response.statusCode = text === undefined ? 404 : 200;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(text ?? 'not found\n');
  console.log(request.socket.remoteAddress, request.method, request.url, response.statusCode);
});

process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});

server.listen(port, '0.0.0.0', () => {
  console.log(`listening on port ${server.address().port}`);
});
