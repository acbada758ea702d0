import type { Found } from '../../finding.ts';
import type { Rootfs } from '../../rootfs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'pyc-timestamp',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'likely',
  reads: 'deb',
  summary: 'a compiled Python file holds a time',
  explanation:
    'Python compares the time in it with that of the source, PEP 552. Times in a jail are clamped, ' +
    'so that it is compiled again at each start, and the bytes differ from build to build.',
  fix: 'Leave __pycache__ out, or compile with `--invalidation-mode unchecked-hash`.',
  references: ['PEP 552'],
  triggers: {
    rootfs: {
      'usr/share/hello/__pycache__/x.cpython-311.pyc': { hex: 'a70d0d0a000000005d2ef1650a000000e3000000' },
    },
  },
  clean: {
    rootfs: {
      'usr/share/hello/__pycache__/x.cpython-311.pyc': { hex: 'a70d0d0a010000005d2ef1650a000000e3000000' },
    },
  },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const { path, what } of rootfs.nodes.values()) {
    if (what?.kind !== 'pyc' || what.flags !== 0 || !path.endsWith('.pyc')) continue;
    if (sourceTime(rootfs, path) === what.time) continue;
    const message = `${path} is for a source of another time than the one beside it`;
    yield { message, context: path, file: path };
  }
}

/** `x/__pycache__/y.cpython-311.pyc` is made from `x/y.py`. */
function sourceTime(rootfs: Rootfs, path: string): number | undefined {
  const source = path.replace(/\/__pycache__\/([^/]+?)\.[^/.]+(?:\.opt-\d)?\.pyc$/, '/$1.py');
  return rootfs.at(source)?.mtime;
}
