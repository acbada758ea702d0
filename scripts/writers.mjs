// Which modules write, remove or rename files by path, and which start programs. Results of commands go through src/output
// alone, which follows no link of a hostile source; programs start through src/system/process.ts, in the root folder and
// with a plain environment.

import { readFileSync } from 'node:fs';

const writing =
  /^(?:appendFile|copyFile|cp|createWriteStream|link|mkdtemp|rename|rm|rmdir|symlink|truncate|unlink|writeFile)(?:Sync)?$/;
const opensToWrite = /\bopen(?:Sync)?\([^;]*?['"](?:w|wx|a|a\+|ax|r\+|w\+)['"]/;
const opensByFlags = /\bO_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)\b/;
const fsImport = /import \{([^}]*)\} from 'node:fs(?:\/promises)?'/g;
const wholeFs = /import (?:\* as )?\w+ from 'node:fs(?:\/promises)?'|import\('node:fs|require\('(?:node:)?fs/;
const starts = /from '(?:node:child_process|execa)'|import\('(?:node:child_process|execa)'\)/;

/** Modules, and folders with a slash at their end, that may write by path, and what they write. */
const writers = {
  'src/agent/': "the agent's own state and run folders",
  'src/archive/tree-writer.ts': 'entries of an archive, beneath a descriptor',
  'src/build/compose/installed-tree.ts': "a work folder in prodng's own cache",
  'src/build/doctor-build.ts': "prodng's own cache",
  'src/build/jail/build-limits.ts': 'control groups',
  'src/build/jail/build-package.ts': "a work folder in prodng's own cache",
  'src/build/root/': "prodng's own cache, and /proc/PID/uid_map",
  'src/build/source/dsc.ts': "a work folder in prodng's own cache",
  'src/build/work-folder.ts': "prodng's own cache",
  'src/cli/terminal/passphrase.ts': 'the terminal',
  'src/cli/verbs/build.ts': 'the terminal',
  'src/cli/verbs/host-start.ts': "prodng's own run folder",
  'src/evidence/freeze.ts': "control groups, and notes in prodng's own run folder",
  'src/evidence/scan/yara.ts': 'a folder of mkdtemp',
  'src/image/host/': 'slots, variables of the firmware, and state on the data partition of a base image',
  'src/image/image-tools.ts': "a work folder in prodng's own cache",
  'src/image/temporary-folder.ts': 'a folder of mkdtemp',
  'src/jail/': "prodng's own state and run folders, control groups, and mounts in a namespace of its own",
  'src/kernel/': '/proc, locks',
  'src/observe/': 'pinned BPF maps',
  'src/osquery/extension.ts': "its own socket, next to osqueryd's",
  'src/output/': 'the common writer itself',
  'src/store/': "prodng's own cache",
  'src/system/atomic-file.ts': "files of prodng's own folders",
  'src/verify/diff/': "prodng's own cache and a folder of mkdtemp",
  'src/verify/rebuild/': "a work folder in prodng's own cache",
};

/** Modules, and folders with a slash at their end, that start programs otherwise than by run(), and why. */
const starters = {
  'src/agent/evidence/': 'the collector, a program of its own',
  'src/agent/exec/': 'a program in a running jail, with its streams',
  'src/archive/compression.ts': 'streams through a decompressor, in the root folder',
  'src/archive/xz-block.ts': 'bytes through xz, in the root folder or the cache',
  'src/build/jail/build-jail.ts': 'the build jail, in the cache',
  'src/build/root/user-namespace.ts': 'the process that holds the namespace, in the root folder',
  'src/evidence/': 'the watchdog of a frozen jail, and compression of a bundle',
  'src/image/boot-image.ts': 'qemu, with its console on the terminal',
  'src/jail/runtime/staging.ts': 'mount(8)',
  'src/output/fresh-folder.ts': 'sync(1)',
  'src/publish/ftparchive.ts': 'a stream from apt-ftparchive',
  'src/sign/gpg-signer.ts': 'a stream through gpg, in the root folder',
  'src/system/process.ts': 'run() itself',
  'src/system/remove-tree.ts': 'removal of a tree outside of the event loop',
};

/**
 * Finds modules that break the rules above, and entries of the lists that no module needs.
 *
 * @param modules paths of all modules of src/
 */
export function writerFaults(modules) {
  const faults = [];
  const used = new Set();
  const check = (list, path, what) => {
    const entry = Object.keys(list).find((each) =>
      each.endsWith('/') ? path.startsWith(each) : path === each,
    );
    if (entry === undefined) faults.push(`${path}: ${what}`);
    else used.add(`${list === writers} ${entry}`);
  };
  for (const path of modules) {
    const text = readFileSync(path, 'utf8');
    const names = [...text.matchAll(fsImport)]
      .flatMap(([, names]) => names.split(','))
      .map((name) => name.trim().replace(/ as .*/, ''))
      .filter((name) => writing.test(name));
    if (opensToWrite.test(text) || opensByFlags.test(text)) names.push('open to write');
    if (wholeFs.test(text)) names.push('all of node:fs');
    if (names.length > 0) check(writers, path, `${names.join(', ')}: results are written through src/output`);
    if (starts.test(text)) check(starters, path, 'programs are started by run() of src/system/process.ts');
  }
  for (const list of [writers, starters])
    for (const entry of Object.keys(list))
      if (!used.has(`${list === writers} ${entry}`))
        faults.push(`scripts/writers.mjs: ${entry}: not needed any more`);
  return faults;
}
