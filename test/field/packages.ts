/** A package of the Debian archive that the bench wraps, and how it proves that it works in its jail. */
export interface FieldPackage {
  name: string;
  /** What is said besides the package: nothing, unless no unit says what to start. */
  set?: readonly string[];
  /** What a client sends to the service's first port, and how the answer begins. */
  talk?: { port: number; send: string; answer: RegExp };
  /** What the program prints when it runs to its end. */
  prints?: RegExp;
}

const get = 'GET / HTTP/1.0\r\n\r\n';
/** A question over TCP for the address of localhost, RFC 1035. */
const question = '\x00\x1b\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01';
/** An answer repeats the question, whatever else it says. */
const isAnswer = /localhost/;
/** CONNECT of MQTT 3.1.1; the acknowledgement is four bytes that begin with a blank. */
const mqttConnect = '\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a';

export const fieldPackages: readonly FieldPackage[] = [
  { name: 'redis-server', talk: { port: 6379, send: 'PING\r\n', answer: /^\+PONG/ } },
  { name: 'memcached', talk: { port: 11211, send: 'version\r\n', answer: /^VERSION/ } },
  { name: 'nginx-light', talk: { port: 80, send: get, answer: /^HTTP\/1\.1 200/ } },
  { name: 'lighttpd', talk: { port: 80, send: get, answer: /^HTTP\/1\.0 / } },
  { name: 'apache2', talk: { port: 80, send: get, answer: /^HTTP\/1\.1 / } },
  { name: 'dnsmasq', talk: { port: 53, send: question, answer: isAnswer } },
  { name: 'unbound', talk: { port: 53, send: question, answer: isAnswer } },
  { name: 'bind9', talk: { port: 53, send: question, answer: isAnswer } },
  { name: 'nsd', talk: { port: 53, send: question, answer: isAnswer } },
  { name: 'mosquitto', talk: { port: 1883, send: mqttConnect, answer: /^ .{3}/s } },
  { name: 'haproxy' },
  { name: 'chrony' },
  { name: 'prometheus-node-exporter', talk: { port: 9100, send: get, answer: /^HTTP\/1\.0 200/ } },
  { name: 'prometheus', talk: { port: 9090, send: get, answer: /^HTTP\/1\.0 302/ } },
  { name: 'tinyproxy', talk: { port: 8888, send: get, answer: /^HTTP\/1\.0 / } },
  { name: 'privoxy', talk: { port: 8118, send: get, answer: /^HTTP\/1\.\d / } },
  { name: 'squid', talk: { port: 3128, send: get, answer: /^HTTP\/1\.\d / } },
  { name: 'varnish', talk: { port: 6081, send: get, answer: /^HTTP\/1\.1 / } },
  { name: 'beanstalkd', talk: { port: 11300, send: 'stats\r\n', answer: /^OK \d+/ } },
  { name: 'vsftpd', talk: { port: 21, send: '', answer: /^220 / } },
  { name: 'openssh-server', talk: { port: 22, send: '', answer: /^SSH-2/ } },
  { name: 'ngircd', talk: { port: 6667, send: 'NICK a\r\nUSER a a a a\r\n', answer: /^:/ } },
  {
    name: 'etcd-server',
    talk: { port: 2379, send: 'GET /version HTTP/1.0\r\n\r\n', answer: /^HTTP\/1\.0 200/ },
  },
  // Debian's knot.conf has no listen and no zone: there is nothing to ask
  { name: 'knot' },
  { name: 'pdns-recursor', talk: { port: 53, send: question, answer: isAnswer } },
  { name: 'nats-server', talk: { port: 4222, send: '', answer: /^INFO / } },
  { name: 'ntpsec' },
  { name: 'curl', set: ['command=/usr/bin/curl --version'], prints: /^curl \d/ },
  { name: 'jq', set: ['command=/usr/bin/jq -n "[1, 2] | add"'], prints: /^3$/m },
  { name: 'sqlite3', set: ['command=/usr/bin/sqlite3 :memory: "select 6 * 7"'], prints: /^42$/m },
  { name: 'git', set: ['command=/usr/bin/git --version'], prints: /^git version/ },
];

/** The short form, for the tests of every day. */
export const shortList: readonly string[] = ['redis-server', 'memcached', 'jq'];
