# Sourced by benches/*/run.sh: a throwaway PostgreSQL, Consentry before it, and pgbouncer. Sets bin, home, port, proxy_port,
# bouncer_port, and on exit stops and removes everything (KEEP=1 leaves it running).
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
consentry=${CONSENTRY:-$top/target/release/consentry}
[ -x "$consentry" ] || { echo "no $consentry: cargo build --release, or set CONSENTRY" >&2; exit 1; }
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
home=$(mktemp -d /tmp/consentry-bench.XXXXXX); port=${PORT:-$((20000 + RANDOM % 20000))}; proxy_port=$((port + 1)) bouncer_port=$((port + 2))
export PGPASSWORD=bench PGSSLMODE=disable
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

stop() {
    kill ${proxy:-} $(cat "$home/bouncer/pid" 2>/dev/null) 2>/dev/null || true
    as_postgres "$bin/pg_ctl" -D "$home/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$home"
}
[ -n "${KEEP:-}" ] || trap stop EXIT

start_postgres() {
    local plans=""
    [ -z "${PLANS:-}" ] || plans="-c shared_preload_libraries=auto_explain -c auto_explain.log_min_duration=20"
    [ "$(id -u)" != 0 ] || chown postgres "$home"
    as_postgres "$bin/initdb" -D "$home/data" -U postgres --auth=trust -E UTF8 --locale=C >/dev/null
    as_postgres "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w start -o "-p $port -k $home -c listen_addresses=127.0.0.1 \
        -c shared_buffers=1GB -c work_mem=64MB -c fsync=off -c max_wal_size=8GB -c autovacuum=off -c jit=off \
        -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1 -c effective_cache_size=4GB $plans" >/dev/null
    psql -qX "host=127.0.0.1 port=$port user=postgres dbname=postgres" -v ON_ERROR_STOP=1 \
        -c "SET password_encryption = 'scram-sha-256'" -c "CREATE ROLE bench PASSWORD 'bench'" -c "CREATE ROLE consentry LOGIN" >/dev/null
}

# start_proxy DATABASE POLICY ROLE…: a user of each role's name, with the password "bench"
start_proxy() {
    local database=$1 policy=$2 verifier role; shift 2
    verifier=$(psql -qAtX "host=127.0.0.1 port=$port user=postgres dbname=postgres" -c "SELECT rolpassword FROM pg_authid WHERE rolname = 'bench'")
    mkdir -p "$home/proxy"; cp "$policy" "$home/proxy/policy.toml"
    {
        printf '[listen]\naddress = "127.0.0.1:%s"\n' "$proxy_port"
        printf '[database.%s]\nupstream = "postgres://consentry@127.0.0.1:%s/%s?sslmode=disable"\npolicy = "policy.toml"\n' "$database" "$port" "$database"
        for role in "$@"; do printf "[user.%s]\nrole = \"%s\"\nverifier = '%s'\n" "$role" "$role" "$verifier"; done
        printf '[audit]\nfolder = "audit"\ndurability = "%s"\n' "${DURABILITY:-strict}"
    } > "$home/proxy/consentry.toml"
    "$consentry" serve --config "$home/proxy/consentry.toml" --log warn >"$home/proxy.log" 2>&1 </dev/null & proxy=$!
    for _ in $(seq 100); do
        psql -qAtX "host=127.0.0.1 port=$proxy_port dbname=$database user=$1" -c 'SELECT 1' >/dev/null 2>&1 && return
        sleep 0.2
    done
    cat "$home/proxy.log" >&2; exit 1
}

# start_pgbouncer DATABASE: for the user consentry, a session each
start_pgbouncer() {
    command -v pgbouncer >/dev/null || { echo "apt-get install pgbouncer first" >&2; exit 1; }
    mkdir "$home/bouncer"
    [ "$(id -u)" != 0 ] || chown postgres "$home/bouncer"
    printf '"consentry" ""\n' > "$home/bouncer/users"
    printf '[databases]\n%s = host=127.0.0.1 port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nauth_type = trust\nauth_file = %s\npool_mode = session\nmax_client_conn = 200\ndefault_pool_size = 100\nunix_socket_dir =\nlogfile = %s\npidfile = %s\n' \
        "$1" "$port" "$bouncer_port" "$home/bouncer/users" "$home/bouncer/log" "$home/bouncer/pid" > "$home/bouncer/ini"
    as_postgres pgbouncer -q -d "$home/bouncer/ini"
}
