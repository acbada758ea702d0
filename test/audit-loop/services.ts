/** One connection of a client: what it sends, and what the answer looks like. */
export interface Exchange {
  send: string;
  answer: RegExp;
}

/** A service that is recorded, narrowed and recorded again. */
export interface LoopService {
  /** Also the name of its package. */
  name: string;
  template: string;
  set?: readonly string[];
  /** The port that the client connects to; none for a job, which runs to its end. */
  port?: number;
  client: readonly Exchange[];
}

function http(path: string, status: number): Exchange {
  return {
    send: `GET ${path} HTTP/1.1\r\nHost: loop\r\nConnection: close\r\n\r\n`,
    answer: new RegExp(`^HTTP/1\\.[01] ${status} `),
  };
}

const ofTemplate: readonly Exchange[] = [http('/', 200), http('/healthz', 200), http('/missing', 404)];

/** A client of Redis: strings, lists, a transaction, a script, both ways to save, and what operators ask. */
const redis: readonly Exchange[] = [
  { send: 'PING\r\nSET a 1\r\nINCR a\r\nGET a\r\nEXPIRE a 100\r\n', answer: /^\+PONG\r\n\+OK\r\n:2\r\n/ },
  { send: 'RPUSH l 1 2 3\r\nLRANGE l 0 -1\r\n', answer: /^:\d+\r\n\*\d+/ },
  { send: 'MULTI\r\nHSET h f v\r\nEXEC\r\n', answer: /^\+OK\r\n\+QUEUED\r\n\*1/ },
  { send: 'EVAL "return 7" 0\r\n', answer: /^:7/ },
  { send: 'SAVE\r\n', answer: /^\+OK/ },
  { send: 'BGSAVE\r\n', answer: /^\+Background saving started/ },
  { send: 'CONFIG SET appendonly yes\r\n', answer: /^\+OK/ },
  { send: 'INFO\r\n', answer: /redis_version/ },
];

const memcached: readonly Exchange[] = [
  { send: 'version\r\n', answer: /^VERSION/ },
  { send: 'set a 0 0 1\r\n1\r\nget a\r\n', answer: /^STORED\r\nVALUE a/ },
  { send: 'incr a 1\r\ndelete a\r\n', answer: /^2\r\nDELETED/ },
  { send: 'stats\r\n', answer: /^STAT pid/ },
];

function wrapped(name: string, port: number, client: readonly Exchange[]): LoopService {
  return { name, template: 'debian-service', set: [`package=${name}`], port, client };
}

/** The templates with a service, and services of the Debian archive. */
export const loopServices: readonly LoopService[] = [
  ...['python-service', 'node-service', 'c-service', 'static-binary'].map((template) => ({
    name: template,
    template,
    port: 8080,
    client: ofTemplate,
  })),
  { name: 'job', template: 'job', client: [] },
  wrapped('redis-server', 6379, redis),
  wrapped('memcached', 11211, memcached),
  wrapped('nginx-light', 80, [http('/', 200), http('/missing', 404)]),
  wrapped('lighttpd', 80, [http('/', 403), http('/missing', 404)]),
  wrapped('beanstalkd', 11300, [
    { send: 'put 0 0 10 1\r\na\r\n', answer: /^INSERTED 1/ },
    { send: 'reserve\r\ndelete 1\r\nstats\r\n', answer: /^RESERVED 1/ },
  ]),
  wrapped('mosquitto', 1883, [
    { send: '\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a\x30\x05\x00\x01ahi\xe0\x00', answer: /^ .{3}/s },
  ]),
  wrapped('prometheus-node-exporter', 9100, [http('/', 200), http('/metrics', 200)]),
  wrapped('nats-server', 4222, [
    { send: 'CONNECT {}\r\nSUB a 1\r\nPUB a 2\r\nhi\r\nPING\r\n', answer: /^INFO .*MSG a 1 2\r\nhi/s },
  ]),
  wrapped('unbound', 53, [
    {
      send: '\x00\x1b\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01',
      answer: /localhost/,
    },
  ]),
  wrapped('varnish', 6081, [http('/', 503)]),
];
