#!/usr/bin/env bash
# benches/sqlsmith/run.sh [SECONDS]: three of sqlsmith (Debian package) against Consentry, for SECONDS (600).
#
# Makes a throwaway PostgreSQL with the demo's CRM, plants a token of this run in hidden rows and masked cells
# (canaries.sql), and lets sqlsmith loose on it as three roles at the same time: one that reads for marketing, one that may
# also write, one that reads, explains and derives for analytics. All that the proxy says goes through tap.py, which
# searches it for the token in several spellings. The run fails when the token is seen, when the proxy ends or panics, when
# it does not answer any more, and when the tap does not find a token that is really there.
# Variables: CONSENTRY (the program), KEEP=1 (leave it running), SEED (of sqlsmith).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:-600}; seed=${SEED:-$RANDOM}
command -v sqlsmith >/dev/null || { echo "no sqlsmith: apt-get install sqlsmith" >&2; exit 1; }
. "$here/../consent/bring-up.sh"

start_postgres
direct="host=127.0.0.1 port=$port dbname=crm user=postgres"
psql -qX "host=127.0.0.1 port=$port user=postgres dbname=postgres" -c "CREATE DATABASE crm" >/dev/null
token=$(head -c 2000 /dev/urandom | tr -dc 'g-z' | head -c 20)
cat "$top"/docker/demo/[1-4]-*.sql | psql -qX "$direct" -v ON_ERROR_STOP=1 >/dev/null
psql -qX "$direct" -v ON_ERROR_STOP=1 -v token="$token" -f "$here/canaries.sql" >/dev/null
# The file whose keys stand outside of any section comes first.
cat "$top"/policies/crm/{tables,purposes,subjects,roles}.toml "$here/writer.toml" > "$home/policy.toml"
DURABILITY=relaxed start_proxy crm "$home/policy.toml" marketing writer bi

tap() {
    python3 "$here/tap.py" "$1" "$2" "$token" "$3" & taps+=($!)
    for _ in $(seq 100); do (: </dev/tcp/127.0.0.1/"$1") 2>/dev/null && return; sleep 0.2; done
    echo "no tap" >&2; exit 1
}
taps=(); trap 'kill "${taps[@]}" 2>/dev/null || true; [ -n "${KEEP:-}" ] || stop' EXIT
control_port=$((port + 2)); tap_port=$((port + 3))
tap "$control_port" "$port" "$home/control"
tap "$tap_port" "$proxy_port" "$home/seen"

psql -qAtX "host=127.0.0.1 port=$control_port dbname=crm user=postgres" -c "SELECT upper(internal_note) FROM customers LIMIT 1" >/dev/null
sleep 0.5
[ -s "$home/control" ] || { echo "the tap does not find what is there" >&2; exit 1; }

# sqlsmith reads the catalog first, a query for each of the server's functions: that is not counted.
smith() {
    local role=$1 client="host=127.0.0.1 port=$tap_port dbname=crm user=$1 password=bench sslmode=disable" code=0
    sqlsmith --target="$client" --seed="$seed" --exclude-catalog >"$home/$role.out" 2>"$home/$role.err" </dev/null & local smith=$!
    for _ in $(seq 900); do
        grep -q "routine parameters...done" "$home/$role.err" && break
        kill -0 $smith 2>/dev/null || break
        sleep 1
    done
    # It ends by itself when its connection is lost and cannot be had back.
    for _ in $(seq "$seconds"); do kill -0 $smith 2>/dev/null || break; sleep 1; done
    if kill -KILL $smith 2>/dev/null; then return; fi
    wait $smith || code=$?
    echo "$role: sqlsmith ended by itself with $code: $(tail -1 "$home/$role.err")" >&2; return 1
}
status=0; smiths=()
for role in marketing writer bi; do smith $role & smiths+=($!); done
for pid in "${smiths[@]}"; do wait "$pid" || status=1; done
kill -0 "$proxy" 2>/dev/null || { echo "the proxy has ended" >&2; tail -20 "$home/proxy.log" >&2; exit 1; }
for role in marketing writer bi; do
    timeout 20 psql -qAtX "host=127.0.0.1 port=$proxy_port dbname=crm user=$role" -c "SELECT 1" >/dev/null || { echo "$role: the proxy does not answer" >&2; status=1; }
done
! grep -i "panicked" "$home/proxy.log" || status=1
python3 "$here/figures.py" "$home/proxy/audit"
if [ -s "$home/seen" ]; then
    echo "the token was seen:" >&2; cat "$home/seen" >&2; status=1
else
    echo "searched $(cat "$home/seen.bytes") bytes: no canary"
fi
if [ -n "${KEEP:-}" ]; then echo "left running: psql \"$direct\"; files in $home; proxy $proxy" >&2; fi
exit $status
