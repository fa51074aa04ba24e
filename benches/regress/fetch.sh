#!/usr/bin/env bash
# Obtains the SQL of PostgreSQL 15's regression suite from Debian's source package into the folder given (default
# /tmp/consentry-regress), unless it is there. Nothing of it is committed. Leaves apt's own lists alone.
set -euo pipefail
folder=${1:-/tmp/consentry-regress}
if [ -d "$folder/regress/sql" ]; then echo "$folder/regress"; exit 0; fi
mkdir -p "$folder"/{lists/partial,archives/partial,download}
cat > "$folder/sources.list" <<EOF
deb-src http://deb.debian.org/debian bookworm main
EOF
apt=(-o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
     -o "Dir::State::lists=$folder/lists" -o "Dir::Cache::archives=$folder/archives"
     -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -o APT::Sandbox::User=root)
apt-get "${apt[@]}" -qq update >&2
(cd "$folder/download" && apt-get "${apt[@]}" -qq source --download-only postgresql-15 >&2)
tar -xf "$folder"/download/postgresql-15_*.orig.tar.* -C "$folder" --wildcards '*/src/test/regress/*'
mv "$folder"/postgresql-15*/src/test/regress "$folder/regress"
rm -rf "$folder"/postgresql-15* "$folder/lists" "$folder/archives" "$folder/download"
echo "$folder/regress"
