#!/usr/bin/env bash
# What passing through costs: pgbench select-only on open tables, direct, through pgbouncer (session pooling) and through
# Consentry (strict record), simple, extended and prepared, at 1, 8 and 32 clients; interleaved in one run. Ratios of
# transactions per second to direct.
#
#   cargo build --release && benches/pgbench.sh
#
# SECONDS_EACH=5 ROUNDS=3 CLIENTS="1 8 32" BIN=target/release/consentry
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=$(realpath "${BIN:-target/release/consentry}")
SECONDS_EACH=${SECONDS_EACH:-5} ROUNDS=${ROUNDS:-3} CLIENTS=${CLIENTS:-1 8 32}
PGBIN=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
DIR=$(mktemp -d "${FOLDER:-/tmp}/bench-pgbench.XXXXXX"); PG_PORT=25532 PORT=26532 BOUNCER_PORT=27532
export PGPASSWORD=bench CONSENTRY_UPSTREAM_PASSWORD=bench
command -v pgbouncer >/dev/null || { echo "apt-get install pgbouncer first"; exit 1; }

as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
stop() {
  kill ${PROXY:-} $(cat "$DIR/bouncer/pid" 2>/dev/null) 2>/dev/null || true
  as_postgres "$PGBIN/pg_ctl" -D "$DIR/pg" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$DIR"
}
trap stop EXIT
chmod 755 "$DIR"; mkdir "$DIR/pg" "$DIR/run" "$DIR/bouncer"
[ "$(id -u)" != 0 ] || chown postgres:postgres "$DIR/pg" "$DIR/run" "$DIR/bouncer"
as_postgres "$PGBIN/initdb" -D "$DIR/pg" -U postgres --auth=trust --no-sync >/dev/null
as_postgres "$PGBIN/pg_ctl" -D "$DIR/pg" -w -o "-p $PG_PORT -k $DIR/run -c fsync=off -c shared_buffers=256MB" start >/dev/null
sql() { "$PGBIN/psql" -qAt -h "$DIR/run" -p "$PG_PORT" -U postgres "$@"; }
sql -c "CREATE DATABASE bench" -c "CREATE ROLE bench LOGIN PASSWORD 'bench'"
"$PGBIN/pgbench" -q -i -s 10 -h "$DIR/run" -p "$PG_PORT" -U postgres bench 2>/dev/null
sql bench -c "GRANT SELECT ON ALL TABLES IN SCHEMA public TO bench"
VERIFIER=$(sql -c "SELECT rolpassword FROM pg_authid WHERE rolname = 'bench'")

cat > "$DIR/policy.toml" <<TOML
open = ["public.*"]
[purpose.service]
description = "Look up accounts"
basis = "contract"
shows = []
[role.app]
purposes = ["service"]
TOML
cat > "$DIR/consentry.toml" <<TOML
[listen]
address = "127.0.0.1:$PORT"
[database.bench]
upstream = "postgres://bench@127.0.0.1:$PG_PORT/bench"
password = { env = "CONSENTRY_UPSTREAM_PASSWORD" }
policy = "policy.toml"
[user.bench]
role = "app"
verifier = "$VERIFIER"
[audit]
folder = "audit"
durability = "${DURABILITY:-strict}"
TOML
printf '[databases]\nbench = host=127.0.0.1 port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nauth_type = trust\nauth_file = %s/users\npool_mode = session\nmax_client_conn = 200\ndefault_pool_size = 100\nunix_socket_dir =\nlogfile = %s/log\npidfile = %s/pid\n' \
  "$PG_PORT" "$BOUNCER_PORT" "$DIR/bouncer" "$DIR/bouncer" "$DIR/bouncer" > "$DIR/bouncer/ini"
echo '"bench" "bench"' > "$DIR/bouncer/users"
"$BIN" serve --config "$DIR/consentry.toml" --log error & PROXY=$!
as_postgres pgbouncer -q -d "$DIR/bouncer/ini"
for _ in $(seq 50); do "$PGBIN/psql" -qAt -h 127.0.0.1 -p $PORT -U bench bench -c 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.2; done

tps() { # PORT MODE CLIENTS
  "$PGBIN/pgbench" -n -S -M "$2" -c "$3" -j 2 -T "$SECONDS_EACH" -h 127.0.0.1 -p "$1" -U bench bench 2>/dev/null \
    | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
printf '| protocol | clients | direct tps | pgbouncer | Consentry | Consentry / pgbouncer |\n|---|---:|---:|---:|---:|---:|\n'
for mode in simple extended prepared; do
  for clients in $CLIENTS; do
    : > "$DIR/d"; : > "$DIR/b"; : > "$DIR/c"
    for _ in $(seq "$ROUNDS"); do
      tps $PG_PORT $mode "$clients" >> "$DIR/d"; tps $BOUNCER_PORT $mode "$clients" >> "$DIR/b"; tps $PORT $mode "$clients" >> "$DIR/c"
    done
    d=$(median < "$DIR/d") b=$(median < "$DIR/b") c=$(median < "$DIR/c")
    awk -v m=$mode -v n="$clients" -v d="$d" -v b="$b" -v c="$c" \
      'BEGIN { printf "| %s | %s | %.0f | %.2f | %.2f | %.2f |\n", m, n, d, b / d, c / d, c / b }'
  done
done
