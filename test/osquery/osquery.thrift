/* The extension interface of osquery as its peers see it: names, field numbers, types. */
struct InternalExtensionInfo { 1: string name, 2: string version, 3: string sdk_version, 4: string min_sdk_version }
struct ExtensionStatus { 1: i32 code, 2: string message, 3: i64 uuid }
struct ExtensionResponse { 1: ExtensionStatus status, 2: list<map<string, string>> response }
service Extension {
  ExtensionStatus ping(),
  ExtensionResponse call(1: string registry, 2: string item, 3: map<string, string> request),
  void shutdown()
}
service ExtensionManager extends Extension {
  ExtensionStatus registerExtension(1: InternalExtensionInfo info, 2: map<string, map<string, list<map<string, string>>>> registry)
}
