/** What maintainer scripts make from the files of packages. Paths may hold one `*` for a part of a name. */
export interface ScriptMade {
  /** What the scripts make: a file, or a folder that is not empty then. */
  path: string;
  /** What packages ship for it: one of these is there. */
  from: readonly string[];
}

/** Alternatives, caches and catalogues that no package ships. Kept small: each line was seen in Debian 12. */
export const scriptMade: readonly ScriptMade[] = [
  { path: '/usr/bin/awk', from: ['/usr/bin/mawk', '/usr/bin/gawk', '/usr/bin/original-awk'] },
  { path: '/usr/bin/nc', from: ['/usr/bin/nc.openbsd', '/usr/bin/nc.traditional'] },
  { path: '/usr/bin/java', from: ['/usr/lib/jvm/*/bin/java'] },
  { path: '/usr/lib/TRIPLET/libblas.so.3', from: ['/usr/lib/TRIPLET/*/libblas.so.3'] },
  { path: '/usr/lib/TRIPLET/liblapack.so.3', from: ['/usr/lib/TRIPLET/*/liblapack.so.3'] },
  { path: '/etc/ssl/certs/java/cacerts', from: ['/usr/share/ca-certificates-java/ca-certificates-java.jar'] },
  {
    path: '/usr/share/glib-2.0/schemas/gschemas.compiled',
    from: ['/usr/share/glib-2.0/schemas/*.gschema.xml'],
  },
  { path: '/usr/share/mime/mime.cache', from: ['/usr/share/mime/packages/*.xml'] },
];
