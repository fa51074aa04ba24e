#!/usr/bin/env bash
# What the record costs: pgbench's key look-ups on a protected table through the proxy, strict against relaxed against
# off, at 1, 8 and 32 clients, all in one run. Prints a table for benches/README.md.
#
#   cargo build --release --features unrecorded && benches/audit.sh
#
# SECONDS_EACH=10 ROUNDS=3 CLIENTS="1 8 32" BIN=target/release/consentry FOLDER=… (where record and database lie)
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=$(realpath "${BIN:-target/release/consentry}")
SECONDS_EACH=${SECONDS_EACH:-10} ROUNDS=${ROUNDS:-3} CLIENTS=${CLIENTS:-1 8 32}
PGBIN=$(pg_config --bindir 2>/dev/null || ls -d /usr/lib/postgresql/*/bin | tail -1)
DIR=$(mktemp -d "${FOLDER:-target}/bench-audit.XXXXXX"); DIR=$(realpath "$DIR")
PG_PORT=${PG_PORT:-25432} PORT=${PORT:-26432}
export PGPASSWORD=bench CONSENTRY_UPSTREAM_PASSWORD=bench

# initdb refuses root.
as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
stop() {
  [ -z "${PROXY:-}" ] || kill "$PROXY" 2>/dev/null || true
  as_postgres "$PGBIN/pg_ctl" -D "$DIR/pg" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$DIR"
}
trap stop EXIT

chmod 755 "$DIR"; mkdir "$DIR/pg" "$DIR/run"
[ "$(id -u)" != 0 ] || chown postgres:postgres "$DIR/pg" "$DIR/run"
as_postgres "$PGBIN/initdb" -D "$DIR/pg" -U postgres --auth=trust --no-sync >/dev/null
as_postgres "$PGBIN/pg_ctl" -D "$DIR/pg" -w -o "-p $PG_PORT -k $DIR/run -c fsync=off -c shared_buffers=256MB" start >/dev/null
sql() { "$PGBIN/psql" -qAt -h "$DIR/run" -p "$PG_PORT" -U postgres "$@"; }
sql -c "CREATE DATABASE bench" -c "CREATE ROLE bench LOGIN PASSWORD 'bench'"
"$PGBIN/pgbench" -q -i -s 10 -h "$DIR/run" -p "$PG_PORT" -U postgres bench 2>/dev/null
sql bench -c "GRANT SELECT ON ALL TABLES IN SCHEMA public TO bench"
VERIFIER=$(sql -c "SELECT rolpassword FROM pg_authid WHERE rolname = 'bench'")

cat > "$DIR/policy.toml" <<TOML
open = ["public.pgbench_branches", "public.pgbench_tellers", "public.pgbench_history"]
[subject.account]
table = "public.pgbench_accounts"
key = "aid"
[category]
money = "null"
text = "null"
[table."public.pgbench_accounts"]
subject = { account = "aid" }
columns = { aid = "open", bid = "open", abalance = "money", filler = "text" }
[purpose.service]
description = "Answer questions about accounts"
basis = "contract"
shows = ["money"]
[role.app]
purposes = ["service"]
TOML
# Whichever comes first must not be the one that reads the table from the disk.
sql bench -c "SELECT count(*) FROM pgbench_accounts" -c "SELECT sum(aid) FROM (SELECT aid FROM pgbench_accounts ORDER BY aid) a" >/dev/null

echo '\set aid random(1, 1000000)
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;' > "$DIR/select.sql"

# start MODE: the proxy with a record of its own
start() {
  local durability=$1 unrecorded=
  [ "$1" != off ] || { durability=strict; unrecorded=1; }
  rm -rf "$DIR/audit" "$DIR/audit-keys"
  cat > "$DIR/consentry.toml" <<TOML
[listen]
address = "127.0.0.1:$PORT"
[database.bench]
upstream = "postgres://bench@127.0.0.1:$PG_PORT/bench?sslmode=disable"
password = { env = "CONSENTRY_UPSTREAM_PASSWORD" }
policy = "policy.toml"
[user.bench]
role = "app"
verifier = "$VERIFIER"
[audit]
folder = "audit"
durability = "$durability"
TOML
  env ${unrecorded:+CONSENTRY_UNRECORDED=1} RUST_LOG=warn "$BIN" serve --config "$DIR/consentry.toml" >"$DIR/log" 2>&1 &
  PROXY=$!
  for _ in $(seq 600); do
    "$PGBIN/psql" -qAt -h 127.0.0.1 -p "$PORT" -U bench bench -c "SELECT abalance FROM pgbench_accounts WHERE aid = 1" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "the proxy does not answer:"; cat "$DIR/log"; exit 1
}

# run MODE CLIENTS: prints "tps syncs/s decisions/sync"
run() {
  start "$1"
  local out tps
  out=$("$PGBIN/pgbench" -n -M prepared -f "$DIR/select.sql" -c "$2" -j 2 -T "$SECONDS_EACH" -h 127.0.0.1 -p "$PORT" -U bench bench 2>&1) || { echo "$out" >&2; exit 1; }
  tps=$(awk '/^tps/ { print $3 }' <<<"$out")
  kill "$PROXY"; wait "$PROXY" 2>/dev/null || true; PROXY=
  local syncs=0 events=0
  if [ "$1" != off ]; then
    read -r events syncs < <("$BIN" audit show "$DIR/audit" --event stop --format json | sed 's/.*"events":\([0-9]*\),"syncs":\([0-9]*\).*/\1 \2/')
    "$BIN" audit verify --key "$DIR/audit-keys/signing.key.pub" "$DIR/audit" >&2 || exit 1
  fi
  awk -v t="$tps" -v s="$syncs" -v e="$events" -v T="$SECONDS_EACH" 'BEGIN { printf "%.0f %.0f %.1f\n", t, s / T, (s ? e / 2 / s : 0) }'
}

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

printf '| clients | off tps | relaxed tps | strict tps | relaxed/off | strict/off | strict syncs/s | decisions a sync |\n'
printf '|---:|---:|---:|---:|---:|---:|---:|---:|\n'
for clients in $CLIENTS; do
  : > "$DIR/off"; : > "$DIR/relaxed"; : > "$DIR/strict"
  for _ in $(seq "$ROUNDS"); do
    for mode in off relaxed strict; do run "$mode" "$clients" >> "$DIR/$mode" 2>>"$DIR/verify"; done
  done
  off=$(cut -d' ' -f1 "$DIR/off" | median) relaxed=$(cut -d' ' -f1 "$DIR/relaxed" | median) strict=$(cut -d' ' -f1 "$DIR/strict" | median)
  syncs=$(cut -d' ' -f2 "$DIR/strict" | median) shared=$(cut -d' ' -f3 "$DIR/strict" | median)
  awk -v c="$clients" -v o="$off" -v r="$relaxed" -v s="$strict" -v y="$syncs" -v h="$shared" \
    'BEGIN { printf "| %d | %d | %d | %d | %.2f | %.2f | %d | %.1f |\n", c, o, r, s, r / o, s / o, y, h }'
done
