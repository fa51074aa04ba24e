#!/usr/bin/env bash
# benches/gdprbench/run.sh [RECORDS] [OPERATIONS] [CLIENTS]: GDPRbench's mixes through Consentry against the same statements
# sent to PostgreSQL directly and through pgbouncer, at its published sizes (100 000 records, 10 000 operations, 8 clients).
# "direct" and pgbouncer enforce nothing; pgbouncer shows what any proxy adds on the machine.
#
# Shares and distributions are those of the paper's table 4. The regulator's get-system-logs (31 %) is no SQL here: it is
# `consentry audit show`, which reads the record offline, so that mix has its other two in their proportion.
# In a run each mix goes to all three, direct first, on databases of their own that began equal. Variables: see ../consent/run.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
records=${1:-100000}; operations=${2:-10000}; clients=${3:-8}
. "$here/../consent/bring-up.sh"

start_postgres
server="host=127.0.0.1 port=$port user=postgres"
psql -qX "$server dbname=postgres" -c "CREATE DATABASE direct" >/dev/null
psql -qX "$server dbname=direct" -v ON_ERROR_STOP=1 -v records="$records" -f "$here/schema.sql" >/dev/null
psql -qX "$server dbname=postgres" -c "CREATE DATABASE gdpr TEMPLATE direct" -c "CREATE DATABASE pooled TEMPLATE direct" >/dev/null
start_pgbouncer pooled
start_proxy gdpr "$here/policy.toml" controller customer processor regulator

# rate MIX CONNECTION: operations a second
rate() {
    local files=() f
    for f in "$here/mixes/$1"/*.sql; do files+=(-f "$home/$(basename "$f" | tr '@' '_')@$(basename "${f##*@}" .sql)"); cp "$f" "$home/$(basename "$f" | tr '@' '_')"; done
    "$bin/pgbench" -n -M "${PROTOCOL:-prepared}" -c "$clients" -j 2 -t $((operations / clients)) --random-seed=7 -D records="$records" \
        -D people=$((records / 10)) "${files[@]}" "$2" 2>"$home/pgbench.err" | awk '/^tps/ { print $3 }'
    ! grep -q ERROR "$home/pgbench.err" || { echo "$1: $(grep -m1 ERROR "$home/pgbench.err")" >&2; return 1; }
}

status=0
printf '| mix | direct ops/s | pgbouncer | Consentry | times slower: pgbouncer | Consentry |\n|---|---:|---:|---:|---:|---:|\n'
for mix in controller customer processor regulator; do
    direct=$(rate $mix "$server dbname=direct") || status=1
    pooled=$(rate $mix "host=127.0.0.1 port=$bouncer_port dbname=pooled user=consentry") || status=1
    ours=$(rate $mix "host=127.0.0.1 port=$proxy_port dbname=gdpr user=$mix") || status=1
    echo "$mix ${direct:-0} ${pooled:-0} ${ours:-0}" | awk '
        function slower(by) { return by > 0 ? sprintf("%.2f", $2 / by) : "-" }
        { printf "| %s | %.0f | %.0f | %.0f | %s | %s |\n", $1, $2, $3, $4, slower($3), slower($4) }'
done
exit $status
