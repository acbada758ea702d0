import type { ConnectRule, HealthCheck, ListenPort } from '../control/jail-declaration.ts';
import { isAddress } from './enforcement.ts';
import { annotationsOf, environmentOf, imageReference, type JailImage } from './jail-image.ts';
import type { Json } from './json.ts';
import {
  configMaps,
  type Metadata,
  operatorMounts,
  operatorVolumes,
  settingsName,
} from './kubernetes-values.ts';
import { kubernetesName } from './names.ts';

/** Where the kubelet looks for a Localhost profile, below its folder `seccomp`. */
export function profilePath(image: JailImage): string {
  return `prodng/${kubernetesName(image.name)}.json`;
}

/**
 * The objects of Kubernetes that run a jail: of the restricted Pod Security Standard when its user is not root.
 *
 * @param registry what the image's name begins with
 */
export function kubernetesObjects(image: JailImage, registry: string): Json[] {
  const name = kubernetesName(image.name);
  const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'prodng' };
  const metadata = {
    name,
    labels,
    annotations: { 'org.prodng.jail': image.name, 'org.prodng.version': image.version },
  };
  const { listen, network } = image.declaration;
  return [
    workload(image, registry, metadata, labels),
    ...(network === 'macvlan' && listen.length > 0 ? [service(listen, metadata, labels)] : []),
    networkPolicy(image, metadata, labels),
    ...configMaps(image, metadata),
    ...claims(image, metadata),
  ];
}

function workload(
  image: JailImage,
  registry: string,
  metadata: Metadata,
  labels: Record<string, string>,
): Json {
  const { restart, filesystem } = image.declaration;
  const template = {
    metadata: { labels, annotations: annotationsOf(image) },
    spec: podSpec(image, registry),
  };
  if (restart.policy === 'no')
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata,
      spec: {
        backoffLimit: 0,
        template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
      },
    };
  // two pods cannot write to one volume
  const strategy = filesystem.some(({ kind }) => kind === 'rw')
    ? { type: 'Recreate' }
    : { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      strategy,
      selector: { matchLabels: { 'app.kubernetes.io/name': metadata.name } },
      template,
    },
  };
}

function podSpec(image: JailImage, registry: string): { [key: string]: Json } {
  const { account, declaration } = image;
  const volumes = volumesOf(image);
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostUsers: false,
    terminationGracePeriodSeconds: Math.ceil(declaration.stop.timeout / 1000),
    securityContext: {
      runAsUser: account.uid,
      runAsGroup: account.gid,
      runAsNonRoot: account.uid !== 0,
      ...(account.additionalGids.length === 0 ? {} : { supplementalGroups: account.additionalGids }),
      ...(volumes.length === 0 ? {} : { fsGroup: account.gid }),
      seccompProfile: { type: 'Localhost', localhostProfile: profilePath(image) },
    },
    containers: [container(image, registry)],
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

function container(image: JailImage, registry: string): Json {
  const { declaration } = image;
  const { command, network, listen, memory, cpu, capabilities, health, filesystem } = declaration;
  const amounts = { memory: String(memory), cpu: `${cpu * 10}m` };
  const mounts = [
    ...filesystem
      .filter(({ kind }) => kind !== 'ro')
      .map(({ path }, index) => ({ name: `volume-${index}`, mountPath: path })),
    ...operatorMounts(image),
  ];
  return {
    name: kubernetesName(image.name),
    image: `${registry}/${imageReference(image)}`,
    command: command.map(literal),
    workingDir: declaration.workdir,
    env: Object.entries(environmentOf(image)).map(([name, value]) => ({
      name,
      value: literal(value),
    })),
    ...(declaration.settings.length === 0
      ? {}
      : { envFrom: [{ configMapRef: { name: settingsName(image) } }] }),
    ...(network !== 'macvlan' || listen.length === 0 ? {} : { ports: listen.map(containerPort) }),
    resources: { limits: amounts, requests: amounts },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: {
        drop: ['ALL'],
        ...(capabilities.length === 0 ? {} : { add: capabilities.map(shortCapability) }),
      },
    },
    ...(health === undefined ? {} : { livenessProbe: probe(health), readinessProbe: probe(health) }),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  };
}

/** The kubelet puts in variables for `$(NAME)`, in the command and the environment. */
function literal(text: string): string {
  return text.replaceAll('$(', '$$$$(');
}

function containerPort({ port, protocol }: ListenPort): Json {
  return { containerPort: port, protocol: protocol.toUpperCase() };
}

/** `NET_BIND_SERVICE`, as Kubernetes and docker have it. */
export function shortCapability(name: string): string {
  return name.replace(/^CAP_/, '');
}

function probe(health: HealthCheck): Json {
  const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1000));
  const times = { periodSeconds: seconds(health.interval), timeoutSeconds: seconds(health.timeout) };
  if (health.kind === 'command') return { exec: { command: health.argv }, ...times };
  if (health.kind === 'tcp') return { tcpSocket: { port: health.port }, ...times };
  return { httpGet: { path: health.path, port: health.port }, ...times };
}

function volumesOf(image: JailImage): Json[] {
  const mounts = image.declaration.filesystem.filter(({ kind }) => kind !== 'ro');
  return [...mounts.map((mount, index) => volume(image, mount, index)), ...operatorVolumes(image)];
}

function volume(
  image: JailImage,
  mount: JailImage['declaration']['filesystem'][number],
  index: number,
): Json {
  const name = `volume-${index}`;
  if (mount.kind === 'tmp') return { name, emptyDir: { medium: 'Memory', sizeLimit: String(mount.size) } };
  return { name, persistentVolumeClaim: { claimName: claimName(image, index) } };
}

function claimName(image: JailImage, index: number): string {
  return `${kubernetesName(image.name)}-${index}`;
}

/** What a volume without a declared size asks for. */
const defaultClaim = 2 ** 30;

function claims(image: JailImage, { labels, annotations }: Metadata): Json[] {
  return image.declaration.filesystem
    .filter(({ kind }) => kind !== 'ro')
    .flatMap((mount, index) =>
      mount.kind === 'rw'
        ? [
            {
              apiVersion: 'v1',
              kind: 'PersistentVolumeClaim',
              metadata: {
                name: claimName(image, index),
                labels,
                annotations: { ...annotations, 'org.prodng.path': mount.path },
              },
              spec: {
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: String(mount.size ?? defaultClaim) } },
              },
            },
          ]
        : [],
    );
}

function service(listen: readonly ListenPort[], metadata: Metadata, labels: Record<string, string>): Json {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      selector: { 'app.kubernetes.io/name': labels['app.kubernetes.io/name'] ?? metadata.name },
      ports: listen.map(({ port, protocol }) => ({
        name: `${protocol}-${port}`,
        port,
        protocol: protocol.toUpperCase(),
      })),
    },
  };
}

/** Denies what was not declared, in both directions. */
function networkPolicy({ declaration }: JailImage, metadata: Metadata, labels: Record<string, string>): Json {
  const { network, listen, connect } = declaration;
  const isOn = network === 'macvlan';
  const ports = listen.map(({ port, protocol }) => ({ port, protocol: protocol.toUpperCase() }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: {
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': labels['app.kubernetes.io/name'] ?? metadata.name },
      },
      policyTypes: ['Ingress', 'Egress'],
      ingress: isOn && ports.length > 0 ? [{ ports }] : [],
      egress: isOn ? connect.flatMap(egress) : [],
    },
  };
}

function egress(rule: ConnectRule): Json[] {
  if (rule.kind === 'any') return [{}];
  if (rule.kind === 'dns') return [{ ports: ['UDP', 'TCP'].map((protocol) => ({ port: 53, protocol })) }];
  // a name: said in the table of losses
  if (!isAddress(rule.host)) return [];
  const block = rule.host.includes('/') ? rule.host : `${rule.host}/${rule.host.includes(':') ? 128 : 32}`;
  return [
    {
      to: [{ ipBlock: { cidr: block } }],
      ports: [{ port: rule.port, protocol: rule.protocol.toUpperCase() }],
    },
  ];
}
