#!/usr/bin/env bash
# benches/consent/run.sh [SUBJECTS] [ROUNDS]: what enforcing consent costs, against the same policy written by hand.
#
# Makes a throwaway PostgreSQL with SUBJECTS people (1 000 000), three times as many consents and twice as many orders,
# starts Consentry before it, and times each query of queries/ in five forms, one after the other in every round:
#   raw     stored tables, no policy         rls     row security, masks by a view
#   hand    security-barrier views, EXISTS   joined  security-barrier views, one aggregated join
#   ours    the stored tables' names, through Consentry
# For each form the fastest round counts. The four with a policy must give the same answer, or the run fails.
# Variables: CONSENTRY (the program), SECONDS_EACH (2), KEEP=1 (leave it running), EXPLAIN=1 (plans of what is slow),
# QUERIES (a glob: only these).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); top=$(cd "$here/../.." && pwd)
subjects=${1:-1000000}; rounds=${2:-3}; each=${SECONDS_EACH:-2}
consentry=${CONSENTRY:-$top/target/release/consentry}
[ -x "$consentry" ] || { echo "no $consentry: cargo build --release, or set CONSENTRY" >&2; exit 1; }
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
home=$(mktemp -d /tmp/consentry-bench.XXXXXX); port=${PORT:-$((20000 + RANDOM % 20000))}; proxy_port=$((port + 1))
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
[ "$(id -u)" != 0 ] || chown postgres "$home"

stop() {
    [ -z "${proxy:-}" ] || kill "$proxy" 2>/dev/null || true
    as_postgres "$bin/pg_ctl" -D "$home/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$home"
}
[ -n "${KEEP:-}" ] || trap stop EXIT

as_postgres "$bin/initdb" -D "$home/data" -U postgres --auth=trust -E UTF8 --locale=C >/dev/null
as_postgres "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w start -o "-p $port -k $home -c listen_addresses=127.0.0.1 \
    -c shared_buffers=1GB -c work_mem=64MB -c fsync=off -c max_wal_size=8GB -c autovacuum=off -c jit=off \
    -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1 -c effective_cache_size=4GB" >/dev/null
direct="host=127.0.0.1 port=$port dbname=bench"
psql -qX "host=127.0.0.1 port=$port user=postgres dbname=postgres" -v ON_ERROR_STOP=1 \
    -c "SET password_encryption = 'scram-sha-256'" -c "CREATE ROLE app PASSWORD 'bench'" -c "CREATE ROLE consentry LOGIN" -c "CREATE DATABASE bench" >/dev/null
echo "loading $subjects people …" >&2
psql -qX "$direct user=postgres" -v ON_ERROR_STOP=1 -v subjects="$subjects" -f "$here/schema.sql" -f "$here/forms.sql" >/dev/null

verifier=$(psql -qAtX "$direct user=postgres" -c "SELECT rolpassword FROM pg_authid WHERE rolname = 'app'")
mkdir -p "$home/proxy"; cp "$here/policy.toml" "$home/proxy/"
cat > "$home/proxy/consentry.toml" <<TOML
[listen]
address = "127.0.0.1:$proxy_port"
[database.bench]
upstream = "postgres://consentry@127.0.0.1:$port/bench?sslmode=disable"
policy   = "policy.toml"
[user.app]
role = "app"
verifier = '$verifier'
[audit]
folder = "audit"
durability = "${DURABILITY:-strict}"
TOML
"$consentry" serve --config "$home/proxy/consentry.toml" --log warn >"$home/proxy.log" 2>&1 </dev/null & proxy=$!
export PGPASSWORD=bench PGSSLMODE=disable
ours="host=127.0.0.1 port=$proxy_port dbname=bench user=app"
for _ in $(seq 100); do psql -qAtX "$ours" -c 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.2; done
psql -qAtX "$ours" -c 'SELECT count(*) FROM customers' >/dev/null || { cat "$home/proxy.log" >&2; exit 1; }

# connection FORM: libpq's string; the schema comes by PGOPTIONS
connection() { case $1 in raw) echo "$direct user=postgres";; ours) echo "$ours";; *) echo "$direct user=reader";; esac; }
options() { case $1 in raw|ours) echo "";; *) echo "-c search_path=$1";; esac; }
# answer FORM QUERY: a digest of what the query gives for one key
answer() { grep -v '^\\set' "$2" | PGOPTIONS=$(options "$1") psql -qAtX -v ON_ERROR_STOP=1 -v id=$((subjects / 3)) "$(connection "$1")" | md5sum | cut -c1-8; }
# once FORM QUERY: milliseconds of a transaction
once() {
    PGOPTIONS=$(options "$1") "$bin/pgbench" -n -M "${PROTOCOL:-prepared}" -c 1 -T "$each" -D subjects="$subjects" -f "$2" "$(connection "$1")" 2>"$home/pgbench.err" |
        awk '/^latency average/ { print $4 }' || { cat "$home/pgbench.err" >&2; return 1; }
}

status=0
printf '%-28s %10s %10s %10s %10s %10s %9s %9s\n' "query (ms, best of $rounds)" raw rls hand joined ours ours/rls ours/best
for query in "$here"/queries/${QUERIES:-*}.sql; do
    declare -A best=(); name=$(basename "$query" .sql)
    right=$(answer rls "$query")
    for form in hand joined ours; do
        given=$(answer $form "$query")
        [ "$given" = "$right" ] || { echo "$name: $form gives another answer than rls" >&2; status=1; }
    done
    for _ in $(seq "$rounds"); do for form in raw rls hand joined ours; do
        ms=$(once $form "$query"); [ -n "$ms" ] || { echo "$name: $form failed: $(tail -1 "$home/pgbench.err")" >&2; status=1; ms=nan; }
        best[$form]=$(echo "$ms ${best[$form]:-}" | awk '{ print ($2 == "" || $1 < $2) ? $1 : $2 }')
    done; done
    echo "$name ${best[raw]} ${best[rls]} ${best[hand]} ${best[joined]} ${best[ours]}" | awk '{
        hand = $4 < $5 ? $4 : $5
        printf "%-28s %10.3f %10.3f %10.3f %10.3f %10.3f %9.2f %9.2f\n", $1, $2, $3, $4, $5, $6, $6 / $3, $6 / hand }'
done
if [ -n "${KEEP:-}" ]; then echo "left running: psql \"$direct user=postgres\"; psql \"$ours\"; files in $home; proxy $proxy" >&2; fi
exit $status
