import type { ListenPort } from '../../control/jail-declaration.ts';

/** What units and packages do not say of a service, from its manual. */
export interface KnownService {
  /** Arguments in place of the unit's, to keep it in the foreground; `why` tells of it. */
  arguments?: readonly string[];
  /** Arguments before those of the unit, to keep it in the foreground. */
  additional?: readonly string[];
  /** The whole command, where the unit starts a script that goes into the background. */
  command?: readonly string[];
  why?: string;
  /** Where it listens when its configuration does not say. */
  listen?: readonly ListenPort[];
  /** Variables that a script would set. */
  environment?: Readonly<Record<string, string>>;
  /** The user that it becomes when it starts as root, where its packages do not make it. */
  user?: string;
  /** What its maintainer scripts do that it cannot do without: they run at build time, Jail-Compose. */
  scripts?: string;
  /** Packages that it runs programs of and does not depend on. */
  depends?: readonly string[];
  /** Folders for sockets and the like that neither unit nor packages name. */
  tmp?: readonly string[];
  /** Links that its maintainer scripts would make: target and path. */
  links?: readonly (readonly [target: string, path: string])[];
}

const tcp = (port: number): ListenPort => ({ port, protocol: 'tcp' });
const udp = (port: number): ListenPort => ({ port, protocol: 'udp' });

/** By the base name of the unit. Only facts from the service's own manual page or documentation. */
const services: Readonly<Record<string, KnownService>> = {
  nginx: {
    arguments: ['-g', 'daemon off; master_process on;'],
    why: 'nginx stays in the foreground with "daemon off"',
    listen: [tcp(80)],
    links: [
      ['/etc/nginx/sites-available/default', '/etc/nginx/sites-enabled/default'],
      ['/usr/share/nginx/html/index.html', '/var/www/html/index.html'],
    ],
  },
  dnsmasq: {
    command: [
      '/usr/sbin/dnsmasq',
      '--keep-in-foreground',
      '--conf-dir=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new',
      '--local-service',
    ],
    why: "the unit's script goes into the background; dnsmasq(8) stays with --keep-in-foreground",
    listen: [tcp(53), udp(53)],
  },
  memcached: {
    command: ['/usr/bin/memcached', '-m', '64', '-p', '11211', '-l', '127.0.0.1'],
    why: "the unit's script only starts as root; these are the options that it reads from /etc/memcached.conf",
    listen: [tcp(11211)],
  },
  mosquitto: { listen: [tcp(1883)] },
  // its control socket is /run/unbound.ctl
  unbound: { listen: [tcp(53), udp(53)], tmp: ['/run'] },
  // include_shell of its configuration
  lighttpd: { listen: [tcp(80)], depends: ['dash'] },
  apache2: {
    command: ['/usr/sbin/apache2', '-DFOREGROUND'],
    why: "the unit's script goes into the background and sets variables; apache2(8) stays with -DFOREGROUND",
    listen: [tcp(80)],
    user: 'www-data',
    environment: {
      APACHE_RUN_USER: 'www-data',
      APACHE_RUN_GROUP: 'www-data',
      APACHE_RUN_DIR: '/run/apache2',
      APACHE_PID_FILE: '/run/apache2/apache2.pid',
      APACHE_LOCK_DIR: '/run/apache2',
      APACHE_LOG_DIR: '/var/log/apache2',
    },
    tmp: ['/run/apache2'],
    scripts: 'they enable its modules, without which it does not start',
  },
  named: { listen: [tcp(53), udp(53)] },
  chrony: {
    additional: ['-n', '-x', '-U'],
    why: 'chronyd(8): -n stays in the foreground, -U starts without root, and -x leaves the clock alone, which no jail may set',
    listen: [udp(123)],
  },
  // it keeps a database of its configuration in a temporary folder; Debian's configuration listens nowhere
  knot: { tmp: ['/tmp'] },
  'pdns-recursor': { listen: [tcp(53), udp(53)] },
  ngircd: {
    additional: ['--nodaemon'],
    why: 'ngircd(8) stays in the foreground with --nodaemon',
    listen: [tcp(6667)],
  },
  vsftpd: { listen: [tcp(21)] },
  'rabbitmq-server': { listen: [tcp(5672)] },
  mariadb: { listen: [tcp(3306)] },
  beanstalkd: { listen: [tcp(11300)] },
  'redis-server': { listen: [tcp(6379)] },
  coturn: { listen: [tcp(3478), udp(3478)] },
  tinyproxy: { listen: [tcp(8888)] },
  squid: { listen: [tcp(3128)] },
  privoxy: {
    arguments: ['--no-daemon', '--pidfile', '/run/privoxy.pid', '/etc/privoxy/config'],
    why: 'privoxy(8) stays in the foreground with --no-daemon, and --user is for those who start it as root',
    listen: [tcp(8118)],
    scripts: 'they write /etc/privoxy/config',
  },
  varnish: { listen: [tcp(6081)] },
  etcd: { listen: [tcp(2379)] },
  nsd: { listen: [tcp(53), udp(53)] },
  'prometheus-node-exporter': { listen: [tcp(9100)] },
  prometheus: { listen: [tcp(9090)] },
};

/** What is known of the service that a unit of this name starts. */
export function knownService(unit: string): KnownService {
  const name = unit.replace(/\.service$/, '');
  return Object.hasOwn(services, name) ? (services[name] ?? {}) : {};
}
