#!/usr/bin/env bash
# Runs a tier of tests that `dotnet test` leaves out: tools/run-tier.sh nightly | release
# The last results are kept in docs/test-tiers.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tier=${1:?usage: tools/run-tier.sh nightly|release}
case $tier in nightly|release) ;; *) echo "no tier '$tier': nightly or release" >&2; exit 2 ;; esac
exec dotnet test -c Release --nologo -p:HvTier="$tier"
