/** What lint wants to know of an ELF file, elf(5). */
export interface ElfFile {
  bits: 32 | 64;
  littleEndian: boolean;
  /** e_machine: 62 is amd64. */
  machine: number;
  /** e_type: 2 an executable at fixed addresses, 3 a library or a position-independent executable. */
  type: number;
  /** PT_INTERP: the dynamic loader. */
  interpreter?: string;
  /** Whether it has a dynamic section; a static program has none. */
  dynamic: boolean;
  /** DT_NEEDED, in their order. */
  needed: string[];
  soname?: string;
  /** DT_RPATH and DT_RUNPATH, split at colons. */
  rpath: string[];
  runpath: string[];
  /** DF_1_NODEFLIB: the default folders are not searched. */
  noDefaultLibraries: boolean;
  /** DF_1_PIE: an executable, although its type is that of a library. */
  pie: boolean;
  textRelocations: boolean;
  executableStack: boolean;
  /** A loaded segment is both writable and executable. */
  writableCode: boolean;
  /** Functions and variables that it takes from libraries. */
  imports: ReadonlySet<string>;
  /** Libraries that it says it opens at run time (ELF notes of the UAPI group's specification). */
  dlopen: DlopenNote[];
  /** What could not be read, when some of it could not. */
  incomplete?: string;
}

export interface DlopenNote {
  feature: string;
  priority: string;
  /** Any of them will do. */
  sonames: string[];
}

/** Why bytes that start like ELF are not a usable ELF file. */
export interface ElfFault {
  fault: string;
}

/** The bytes of a file, as far as they are at hand. */
export interface ByteWindow {
  /** Bytes of the whole file. */
  size: number;
  /** Undefined when any of it is outside of the file, or was not kept. */
  slice(offset: number, length: number): Buffer | undefined;
}
