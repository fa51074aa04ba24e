#!/bin/sh
# The upstream role's password, for compose.yaml. The other way of starting the demo (`make demo`) makes one up.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -d crm -c "ALTER ROLE consentry PASSWORD 'upstream'"
