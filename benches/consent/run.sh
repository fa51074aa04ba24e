#!/usr/bin/env bash
# benches/consent/run.sh [SUBJECTS] [ROUNDS]: what enforcing consent costs, against the same policy written by hand.
#
# Makes a throwaway PostgreSQL with SUBJECTS people (1 000 000), three times as many consents and twice as many orders,
# starts Consentry before it, and times each query of queries/ in six forms, one after the other in every round:
#   raw     stored tables, no policy         rls     row security, masks by a view
#   hand    security-barrier views, EXISTS   joined  security-barrier views, one aggregated join
#   ours    the stored tables' names, through Consentry
#   inside  what Consentry makes of them, sent to PostgreSQL directly: what enforcing costs without the way through the proxy
# For each form the fastest round counts. The five with a policy must give the same answer, or the run fails.
# Variables: CONSENTRY (the program), SECONDS_EACH (2), KEEP=1 (leave it running), QUERIES (a glob: only these),
# PLANS (a file: the server's log, with the plans of statements over 20 ms).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
subjects=${1:-1000000}; rounds=${2:-3}; each=${SECONDS_EACH:-2}
. "$here/bring-up.sh"

start_postgres
direct="host=127.0.0.1 port=$port dbname=bench"
ours="host=127.0.0.1 port=$proxy_port dbname=bench user=app"
psql -qX "host=127.0.0.1 port=$port user=postgres dbname=postgres" -c "CREATE DATABASE bench" >/dev/null
echo "loading $subjects people …" >&2
psql -qX "$direct user=postgres" -v ON_ERROR_STOP=1 -v subjects="$subjects" -f "$here/schema.sql" -f "$here/forms.sql" >/dev/null
start_proxy bench "$here/policy.toml" app

# connection FORM: libpq's string; the schema comes by PGOPTIONS
connection() { case $1 in raw|inside) echo "$direct user=postgres";; ours) echo "$ours";; *) echo "$direct user=reader";; esac; }
options() { case $1 in raw|ours|inside) echo "";; *) echo "-c search_path=$1";; esac; }
# answer FORM QUERY: a digest of what the query gives for one key
answer() { grep -v '^\\set' "$2" | PGOPTIONS=$(options "$1") psql -qAtX -v ON_ERROR_STOP=1 -v id=$((subjects / 3)) "$(connection "$1")" | md5sum | cut -c1-8; }
# emitted QUERY: a file with what leaves for it; a number that no query has stands for the key meanwhile
emitted() {
    local sql; sql=$(grep -v '^\\set' "$1" | sed 's/:id/424242/; s/; *$//')
    { grep '^\\set' "$1" || true
      "$consentry" explain --config "$home/proxy/consentry.toml" --user app --purpose marketing "$sql" |
          awk '/^Why:/ { exit } NR > 1' | sed 's/424242/:id/' | tr '\n' ' '
      echo ";"; } > "$home/emitted.sql"
    echo "$home/emitted.sql"
}
# once FORM QUERY: milliseconds of a transaction
once() {
    PGOPTIONS=$(options "$1") "$bin/pgbench" -n -M "${PROTOCOL:-prepared}" -c 1 -T "$each" -D subjects="$subjects" -f "$2" "$(connection "$1")" 2>"$home/pgbench.err" |
        awk '/^latency average/ { print $4 }' || { cat "$home/pgbench.err" >&2; return 1; }
}

file_of() { case $1 in inside) echo "$sent";; *) echo "$query";; esac; }

status=0
printf '%-28s %10s %10s %10s %10s %10s %10s %9s %9s %11s\n' "query (ms, best of $rounds)" raw rls hand joined ours inside ours/rls ours/best inside/best
for query in "$here"/queries/${QUERIES:-*}.sql; do
    declare -A best=(); name=$(basename "$query" .sql)
    right=$(answer rls "$query"); sent=$(emitted "$query")
    for form in hand joined ours inside; do
        given=$(answer $form "$(file_of $form)")
        [ "$given" = "$right" ] || { echo "$name: $form gives another answer than rls" >&2; status=1; }
    done
    for _ in $(seq "$rounds"); do for form in raw rls hand joined ours inside; do
        ms=$(once $form "$(file_of $form)"); [ -n "$ms" ] || { echo "$name: $form failed: $(tail -1 "$home/pgbench.err")" >&2; status=1; ms=nan; }
        best[$form]=$(echo "$ms ${best[$form]:-}" | awk '{ print ($2 == "" || $1 < $2) ? $1 : $2 }')
    done; done
    echo "$name ${best[raw]} ${best[rls]} ${best[hand]} ${best[joined]} ${best[ours]} ${best[inside]}" | awk '{
        hand = $4 < $5 ? $4 : $5
        printf "%-28s %10.3f %10.3f %10.3f %10.3f %10.3f %10.3f %9.2f %9.2f %11.2f\n", $1, $2, $3, $4, $5, $6, $7, $6 / $3, $6 / hand, $7 / hand }'
done
[ -z "${PLANS:-}" ] || cp "$home/log" "$PLANS"
if [ -n "${KEEP:-}" ]; then echo "left running: psql \"$direct user=postgres\"; psql \"$ours\"; files in $home; proxy $proxy" >&2; fi
exit $status
