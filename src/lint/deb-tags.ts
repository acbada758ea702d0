import type { Tag } from './tag.ts';
import { tag as capabilityUnused } from './tags/capabilities/capability-unused.ts';
import { tag as commandInterpreterMissing } from './tags/command/command-interpreter-missing.ts';
import { tag as commandMissing } from './tags/command/command-missing.ts';
import { tag as commandNotAProgram } from './tags/command/command-not-a-program.ts';
import { tag as commandNotExecutable } from './tags/command/command-not-executable.ts';
import { tag as commandWrongArchitecture } from './tags/command/command-wrong-architecture.ts';
import { tag as composeInstallNeeded } from './tags/command/compose-install-needed.ts';
import { tag as configurationMissing } from './tags/command/configuration-missing.ts';
import { tag as prepareMissing } from './tags/command/prepare-missing.ts';
import { tag as userUidZero } from './tags/command/user-uid-zero.ts';
import { tag as userUnknown } from './tags/command/user-unknown.ts';
import { tag as workdirMissing } from './tags/command/workdir-missing.ts';
import { tag as accountWithPassword } from './tags/filesystem/account-with-password.ts';
import { tag as deviceNode } from './tags/filesystem/device-node.ts';
import { tag as fifoInPackage } from './tags/filesystem/fifo-in-package.ts';
import { tag as fileSetId } from './tags/filesystem/file-set-id.ts';
import { tag as fileUnreadable } from './tags/filesystem/file-unreadable.ts';
import { tag as fileWorldWritable } from './tags/filesystem/file-world-writable.ts';
import { tag as linkDangling } from './tags/filesystem/link-dangling.ts';
import { tag as linkLeavesRootfs } from './tags/filesystem/link-leaves-rootfs.ts';
import { tag as linkLoop } from './tags/filesystem/link-loop.ts';
import { tag as mountHidesFiles } from './tags/filesystem/mount-hides-files.ts';
import { tag as mountPointMissing } from './tags/filesystem/mount-point-missing.ts';
import { tag as mountPointNotFolder } from './tags/filesystem/mount-point-not-folder.ts';
import { tag as privateKey } from './tags/filesystem/private-key.ts';
import { tag as stateFolderUndeclared } from './tags/filesystem/state-folder-undeclared.ts';
import { tag as healthCommandMissing } from './tags/health/health-command-missing.ts';
import { tag as compilerInRootfs } from './tags/hermetic/compiler-in-rootfs.ts';
import { tag as debuggerInRootfs } from './tags/hermetic/debugger-in-rootfs.ts';
import { tag as downloaderInRootfs } from './tags/hermetic/downloader-in-rootfs.ts';
import { tag as elfBroken } from './tags/hermetic/elf-broken.ts';
import { tag as executableStack } from './tags/hermetic/executable-stack.ts';
import { tag as foreignArchitecture } from './tags/hermetic/foreign-architecture.ts';
import { tag as importMissing } from './tags/hermetic/import-missing.ts';
import { tag as libraryDlopenMissing } from './tags/hermetic/library-dlopen-missing.ts';
import { tag as libraryMissing } from './tags/hermetic/library-missing.ts';
import { tag as libraryMissingInPlugin } from './tags/hermetic/library-missing-in-plugin.ts';
import { tag as libraryMissingInProgram } from './tags/hermetic/library-missing-in-program.ts';
import { tag as linkerCacheOutdated } from './tags/hermetic/linker-cache-outdated.ts';
import { tag as packageManagerInRootfs } from './tags/hermetic/package-manager-in-rootfs.ts';
import { tag as preloadFile } from './tags/hermetic/preload-file.ts';
import { tag as runpathBuildFolder } from './tags/hermetic/runpath-build-folder.ts';
import { tag as runpathUnsafe } from './tags/hermetic/runpath-unsafe.ts';
import { tag as scriptInterpreterMissing } from './tags/hermetic/script-interpreter-missing.ts';
import { tag as shellInRootfs } from './tags/hermetic/shell-in-rootfs.ts';
import { tag as textRelocations } from './tags/hermetic/text-relocations.ts';
import { tag as writableCode } from './tags/hermetic/writable-code.ts';
import { tag as buildPathEmbedded } from './tags/reproducible/build-path-embedded.ts';
import { tag as entriesUnsorted } from './tags/reproducible/entries-unsorted.ts';
import { tag as entryBeforeFolder } from './tags/reproducible/entry-before-folder.ts';
import { tag as gzipTime } from './tags/reproducible/gzip-time.ts';
import { tag as hostIdentity } from './tags/reproducible/host-identity.ts';
import { tag as hostNameEmbedded } from './tags/reproducible/host-name-embedded.ts';
import { tag as lockMismatch } from './tags/reproducible/lock-mismatch.ts';
import { tag as lockMissing } from './tags/reproducible/lock-missing.ts';
import { tag as lockUnreadable } from './tags/reproducible/lock-unreadable.ts';
import { tag as ownerNotRoot } from './tags/reproducible/owner-not-root.ts';
import { tag as pycTimestamp } from './tags/reproducible/pyc-timestamp.ts';
import { tag as timeAfterEpoch } from './tags/reproducible/time-after-epoch.ts';
import { tag as architectureNotSpecific } from './tags/structure/architecture-not-specific.ts';
import { tag as controlMemberUnexpected } from './tags/structure/control-member-unexpected.ts';
import { tag as debCompression } from './tags/structure/deb-compression.ts';
import { tag as debDepends } from './tags/structure/deb-depends.ts';
import { tag as debEssential } from './tags/structure/deb-essential.ts';
import { tag as entryDuplicate } from './tags/structure/entry-duplicate.ts';
import { tag as fileNameUnprintable } from './tags/structure/file-name-unprintable.ts';
import { tag as maintainerScript } from './tags/structure/maintainer-script.ts';
import { tag as md5sumsMissing } from './tags/structure/md5sums-missing.ts';
import { tag as md5sumsWrong } from './tags/structure/md5sums-wrong.ts';
import { tag as payloadOutsidePrefix } from './tags/structure/payload-outside-prefix.ts';
import { tag as rootfsMissing } from './tags/structure/rootfs-missing.ts';

/** The tags whose checks look into a built .deb, by family. A file that is missing here fails the tests. */
export const debTags: readonly Tag[] = [
  architectureNotSpecific,
  controlMemberUnexpected,
  debCompression,
  debDepends,
  debEssential,
  entryDuplicate,
  fileNameUnprintable,
  maintainerScript,
  md5sumsMissing,
  md5sumsWrong,
  payloadOutsidePrefix,
  rootfsMissing,
  capabilityUnused,
  accountWithPassword,
  deviceNode,
  fifoInPackage,
  fileSetId,
  fileUnreadable,
  fileWorldWritable,
  linkDangling,
  linkLeavesRootfs,
  linkLoop,
  mountHidesFiles,
  mountPointMissing,
  mountPointNotFolder,
  privateKey,
  stateFolderUndeclared,
  compilerInRootfs,
  debuggerInRootfs,
  downloaderInRootfs,
  elfBroken,
  executableStack,
  foreignArchitecture,
  importMissing,
  libraryDlopenMissing,
  libraryMissingInPlugin,
  libraryMissingInProgram,
  libraryMissing,
  linkerCacheOutdated,
  packageManagerInRootfs,
  preloadFile,
  runpathBuildFolder,
  runpathUnsafe,
  scriptInterpreterMissing,
  shellInRootfs,
  textRelocations,
  writableCode,
  buildPathEmbedded,
  entriesUnsorted,
  entryBeforeFolder,
  gzipTime,
  hostIdentity,
  hostNameEmbedded,
  lockMismatch,
  lockMissing,
  lockUnreadable,
  ownerNotRoot,
  pycTimestamp,
  timeAfterEpoch,
  commandInterpreterMissing,
  commandMissing,
  commandNotAProgram,
  commandNotExecutable,
  commandWrongArchitecture,
  composeInstallNeeded,
  configurationMissing,
  prepareMissing,
  userUidZero,
  userUnknown,
  workdirMissing,
  healthCommandMissing,
];
