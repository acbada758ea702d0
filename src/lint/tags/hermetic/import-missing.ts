import type { Found } from '../../finding.ts';
import { missingImports } from '../../imports/missing-imports.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'import-missing',
  family: 'hermetic',
  severity: 'error',
  certainty: 'likely',
  reads: 'deb',
  summary: "the command's script imports a module that is not in the rootfs",
  explanation: 'The script ends at its first lines with ModuleNotFoundError or its like.',
  fix: 'Add the package with the module to Depends.',
  references: ['Python, Perl and Node.js documentation of module search'],
  triggers: {
    rootfs: {
      'usr/bin/hello': { content: '#!/usr/bin/python3\nimport json\nimport requests\n', mode: 0o755 },
      'usr/bin/python3': { elf: {}, mode: 0o755 },
      'usr/lib/python3.11/os.py': '',
      'usr/lib/python3.11/json/__init__.py': '',
    },
  },
  clean: {
    rootfs: {
      'usr/bin/hello': {
        content:
          '#!/usr/bin/python3\nimport json\ntry:\n    import requests\nexcept ImportError:\n    requests = None\n',
        mode: 0o755,
      },
      'usr/bin/python3': { elf: {}, mode: 0o755 },
      'usr/lib/python3.11/os.py': '',
      'usr/lib/python3.11/json/__init__.py': '',
    },
  },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  for (const { module, path, line, column, text } of missingImports(subject))
    yield { message: `${module} is not in the rootfs`, context: module, file: path, line, column, text };
}
