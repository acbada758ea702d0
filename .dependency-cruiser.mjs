// Imports run downwards in the order of DESIGN's layout: a folder may import only from those before it.
const layers = [
  'error',
  'system',
  'kernel',
  'output',
  'control',
  'archive',
  'store',
  'lock',
  'systemd-unit',
  'template',
  'jail',
  'observe',
  'build',
  'sign',
  'lint',
  'audit',
  'policy',
  'verify',
  'image',
  'publish',
  'export',
  'evidence',
  'agent',
  'osquery',
  'cli',
];

const downwards = layers.map((layer, index) => ({
  name: `${layer}-imports-downwards`,
  comment: `src/${layer} may import only ${layers.slice(0, index).join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: `^src/(${layers.slice(index + 1).join('|') || '$none'})/` },
}));

export default {
  forbidden: [
    ...downwards,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'known-layers-only',
      comment: 'A new folder under src/ needs its place in the order above',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: `^src/(${layers.join('|')})/` },
    },
    {
      name: 'no-tests-in-product',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'koffi-in-kernel-only',
      severity: 'error',
      from: { pathNot: '^src/kernel/' },
      to: { path: 'node_modules/koffi' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
