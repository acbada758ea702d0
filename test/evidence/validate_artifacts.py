"""Reads definitions with Debian's python3-artifacts, and prints the number of each type of source. Fails on any fault."""
import sys
from artifacts import reader, registry

found = registry.ArtifactDefinitionsRegistry()
found.ReadFromFile(reader.YamlArtifactsReader(), sys.argv[1])
undefined = found.GetUndefinedArtifacts()
if undefined:
    sys.exit(f"undefined: {undefined}")
counts = {}
for definition in found.GetDefinitions():
    for source in definition.sources:
        counts[source.type_indicator] = counts.get(source.type_indicator, 0) + 1
print(" ".join(f"{name}={count}" for name, count in sorted(counts.items())))
