#!/usr/bin/env bash
# update-public-api.sh [PROJECT…]: writes PublicAPI.Shipped.txt (Hv.Sdk) and PublicAPI.Unshipped.txt (kits) from what the compiler finds public.
# Without names: every project below sdk/ that has such files. The result is a diff to review, not a formality: docs/sdk/versioning.md.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
dotnet build -c Release tools/Hv.SdkReference -v q --nologo -p:HvPublicApi=off
projects=("$@")
[ ${#projects[@]} -gt 0 ] || mapfile -t projects < <(cd sdk && ls -d */PublicAPI.Shipped.txt | xargs -n1 dirname)
for project in "${projects[@]}"; do
  # The released surface of Hv.Sdk is frozen and stands in Shipped; kits travel inside plugins, may change, and stand in Unshipped.
  file=PublicAPI.Unshipped.txt
  [ "$project" != Hv.Sdk ] || file=PublicAPI.Shipped.txt
  dotnet build -c Release "sdk/$project" -v q --nologo --no-incremental --no-dependencies -p:HvPublicApi=check -p:TreatWarningsAsErrors=false \
    "-p:HvErrorLogFolder=$log" > "$log/out" || { cat "$log/out"; exit 1; }
  dotnet artifacts/bin/Hv.SdkReference/release/Hv.SdkReference.dll public-api "$log/$project.sarif" "sdk/$project/$file"
done
