#!/usr/bin/env bash
# update-sdk-reference.sh: writes docs/sdk/reference from the XML documentation of the SDK.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet run --project tools/Hv.SdkReference -c Release -- reference docs/sdk/reference
