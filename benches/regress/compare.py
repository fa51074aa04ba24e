#!/usr/bin/env python3
"""Runs PostgreSQL 15's regression suite directly and through the proxy with every table open, and compares.

    benches/regress/compare.py [--consentry target/release/consentry] [--only select,join] [--report out.json] [--limit n]

Three equal clusters run in lockstep: `direct`, `control` (a second direct one: what differs between these two is not
deterministic and is counted apart) and `proxied`. Each statement goes to the proxy first. When the proxy refuses it, it runs
nowhere in the session; if it is no SELECT and no transaction is open, it is then done on all three from outside (by an
unrestricted user of the proxy, else directly), so that later statements find what they need. A refusal is told from
PostgreSQL's own errors by lacking the field R (routine). Numbers of temporary schemas (pg_temp_3) are left out: they say
which backend served whom. Without --consentry the proxied cluster is spoken to directly:
a check of this script itself.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from script import statements  # noqa: E402
from wire import Connection, Lost  # noqa: E402

BIN = "/usr/lib/postgresql/15/bin"
AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
PASSWORD = "regress"
SETTINGS = {"fsync": "off", "autovacuum": "off", "max_connections": "20", "shared_buffers": "16MB", "max_prepared_transactions": "4",
            "jit": "off", "timezone": "PST8PDT", "datestyle": "Postgres, MDY", "intervalstyle": "postgres_verbose",
            "statement_timeout": "30s", "lc_messages": "C"}


# What reads as null, not at all or as something computed through the proxy, whatever the policy (src/engine/allow): sizes,
# statistics, row counts, what others have prepared, options of user mappings, values of new columns.
NULLED = re.compile(r"_size\s*\(|reltuples|relpages|relallvisible|pg_stat|pg_locks|pg_prepared_statements|pg_cursors|"
                    r"pg_sequences|pg_settings|pg_prepared_xacts|relfrozenxid|user_mapping|attmissingval", re.I)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    def __init__(self, folder, name):
        self.folder, self.port = folder / name, free_port()
        self.folder.mkdir()
        if AS_POSTGRES:
            shutil.chown(self.folder, "postgres", "postgres")
        run(["initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        settings = "".join(f" -c {k}='{v}'" for k, v in SETTINGS.items())
        run(["pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "start", "-o",
             f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1{settings}"])
        self.admin("postgres").query("CREATE DATABASE regression TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        self.admin("postgres").query("ALTER DATABASE regression SET bytea_output TO hex")
        self.admin("postgres").query(f"ALTER ROLE postgres PASSWORD '{PASSWORD}'")

    def admin(self, database="regression"):
        return Connection(str(self.folder), self.port, "postgres", database)

    def stop(self):
        run(["pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop"])


def run(command):
    done = subprocess.run(AS_POSTGRES + [f"{BIN}/{command[0]}"] + command[1:], capture_output=True, text=True, cwd="/tmp",
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stdout}{done.stderr}")


class Proxy:
    """`consentry serve` in front of a cluster; users `regress` (may do everything) and `outside` (unrestricted)."""

    def __init__(self, binary, folder, cluster):
        self.port = free_port()
        config = folder / "consentry"
        config.mkdir()
        (config / "policy.toml").write_text((HERE / "policy.toml").read_text())
        verifier = subprocess.run([binary, "passwd"], input=PASSWORD + "\n", capture_output=True, text=True).stdout.split()[-1]
        (config / "consentry.toml").write_text(f'''
[listen]
address = "127.0.0.1:{self.port}"
[database.regression]
upstream = "postgres://postgres@127.0.0.1:{cluster.port}/regression?sslmode=disable"
password = {{ env = "REGRESS_PASSWORD" }}
policy = "policy.toml"
trust_upstream_role = true
[user.regress]
role = "everything"
verifier = "{verifier}"
[user.outside]
role = "outside"
verifier = "{verifier}"
[audit]
folder = "audit"
durability = "relaxed"
''')
        self.log = open(folder / "consentry.log", "w")
        self.process = subprocess.Popen([binary, "serve", "--config", str(config / "consentry.toml")], cwd=config,
                                        env={**os.environ, "REGRESS_PASSWORD": PASSWORD}, stdout=self.log, stderr=self.log)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"consentry did not start: {(folder / 'consentry.log').read_text()}")
                time.sleep(0.1)
        sys.exit("consentry does not listen")

    def connect(self, user="regress"):
        return Connection("127.0.0.1", self.port, user, "regression", PASSWORD)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Run:
    def __init__(self, clusters, proxy):
        self.direct, self.control, self.proxied = clusters
        self.proxy = proxy
        self.counts = collections.defaultdict(collections.Counter)
        self.refusals = collections.defaultdict(collections.Counter)
        self.rules = collections.defaultdict(collections.Counter)
        self.examples, self.different, self.prepared = {}, [], {}

    def connect_all(self):
        through = self.proxy.connect() if self.proxy else self.proxied.admin()
        return [self.direct.admin(), self.control.admin(), through]

    def file(self, path):
        variables = {"abs_srcdir": str(path.parent.parent), "abs_builddir": "/tmp", "libdir": "/nowhere", "dlsuffix": ".so",
                     "DBNAME": "regression", "USER": "postgres"}
        sessions, status = self.connect_all(), "I"
        text = path.read_text(encoding="utf-8", errors="replace")
        for statement in statements(text, variables):
            try:
                status = self.statement(path.stem, statement, sessions, status)
            except Lost as lost:
                self.note(path.stem, statement, "lost", str(lost))
                sessions, status = self.connect_all(), "I"

    def statement(self, name, statement, sessions, status):
        direct, control, through = sessions
        sql, data = statement.sql, statement.copy_data
        shown = self.behind(sql)
        seen = through.query(sql, data)
        # In a transaction that has failed nothing runs, and every answer can be compared.
        if seen.error and "R" not in seen.error and self.proxy and status != "E":
            if statement.kind() != "other" and self.same_error(statement, seen.error, (direct, control), status):
                self.counts[statement.kind()]["equal"] += 1
                self.counts[statement.kind()]["of these, equal errors"] += 1
                return seen.status
            self.refused(name, statement, seen.error)
            if status == "T":
                for session in (direct, control):
                    session.query("SELECT 1/0 AS refused_on_the_other_side")
            elif statement.kind() != "select" and status == "I":
                path = text_of(direct.query("SHOW search_path"))
                self.outside(sql, data, path)
            return seen.status
        expected, other = direct.query(sql, data), control.query(sql, data)
        kind = statement.kind()
        if comparable(seen) == comparable(expected):
            self.counts[kind]["equal"] += 1
            if expected.error:
                self.counts[kind]["of these, equal errors"] += 1
        elif comparable(expected) != comparable(other):
            self.counts[kind]["not deterministic"] += 1
        elif NULLED.search(shown) and not seen.error:
            self.counts[kind]["nulled by rule"] += 1
        elif without_oids(expected) == without_oids(seen):
            self.counts[kind]["equal but for OIDs of user objects"] += 1
        else:
            self.note(name, statement, "different", first_difference(comparable(expected), comparable(seen)))
        return seen.status

    def behind(self, sql):
        """A statement's text, or that of the prepared one that it executes."""
        prepares = re.match(r"\s*prepare\s+(\w+)", sql, re.I)
        if prepares:
            self.prepared[prepares[1].lower()] = sql
        executes = re.match(r"\s*execute\s+(\w+)", sql, re.I)
        return self.prepared.get(executes[1].lower(), sql) if executes else sql

    def same_error(self, statement, error, sessions, status):
        """Whether PostgreSQL would have said the same: the proxy itself answers names that are not there and bad syntax. An open
        transaction has failed by then, on all sides."""
        if error.get("C") in ("42501", "0A000", "22023", "54000", "54001"):
            return False
        answers = []
        for session in sessions:
            if status == "I":
                session.query("BEGIN")
            answers.append(session.query(statement.sql, statement.copy_data))
            if status == "I":
                session.query("ROLLBACK")
        told = answers[0].error or {}
        return all(told.get(k) == error.get(k) for k in "CM")

    def outside(self, sql, data, path):
        sessions = [self.direct.admin(), self.control.admin()]
        sessions.append(self.proxy.connect("outside"))
        for number, session in enumerate(sessions):
            session.query(f"SET search_path = {path or chr(39) * 2}")
            answer = session.query(sql, data)
            if number == 2 and answer.error and "R" not in answer.error:
                self.counts["(outside)"]["had to be done behind the proxy's back"] += 1
                self.refusals["(outside)"][f'{answer.error["C"]} {answer.error["M"]}'] += 1
                behind = self.proxied.admin()
                behind.query(f"SET search_path = {path or chr(39) * 2}")
                behind.query(sql, data)
            session.socket.close()

    def refused(self, name, statement, error):
        kind = statement.kind()
        self.counts[kind]["refused"] += 1
        why = re.sub(r'"[^"]*"', '""', error.get("M", ""))
        why = re.sub(r"(function|table) (?!pg_catalog)\w+\.\w+$", r"\1 of the tests, which the policy does not list", why)
        rule = re.match(r"rule ([\w-]+)", error.get("D", ""))
        self.rules[kind][rule[1] if rule else "PostgreSQL's own words, but not here"] += 1
        self.refusals[kind][f'{error["C"]} {why}'] += 1
        self.examples.setdefault(f'{kind} {error["C"]} {why}', []).append(
            {"at": f"{name}:{statement.line}", "sql": statement.sql[:300], "error": {k: error[k] for k in "MDH" if k in error}})

    def note(self, name, statement, what, how):
        self.counts[statement.kind()][what] += 1
        self.different.append({"at": f"{name}:{statement.line}", "what": what, "sql": statement.sql[:2000], "how": how})

    def report(self):
        out = []
        for kind in sorted(self.counts):
            total = sum(v for k, v in self.counts[kind].items() if not k.startswith("of these"))
            parts = ", ".join(f"{k} {v} ({100 * v / total:.1f} %)" for k, v in self.counts[kind].most_common())
            out.append(f"{kind}: {total} statements: {parts}")
        for kind, rules in self.rules.items():
            out.append(f"\nrefused by rule, {kind}: " + ", ".join(f"{rule} {n}" for rule, n in rules.most_common()))
        for kind, reasons in self.refusals.items():
            out.append(f"\nrefused, {kind}:")
            out += [f"  {n:6} {why}" for why, n in reasons.most_common(40)]
        out.append(f"\ndifferent: {len(self.different)}")
        out += [f'  {d["what"]} {d["at"]}: {d["sql"][:150]!r}\n      {str(d["how"])[:300]}' for d in self.different[:60]]
        return "\n".join(out)


def text_of(answer):
    """The only value of a one-row answer."""
    rows = [body for kind, body in answer.events if kind == "row"]
    return rows[0][6:].decode() if rows else ""


# A temporary schema's number says which backend served whom, nothing else; in any session it stands for the same.
TEMPORARY_SCHEMA = re.compile(rb"(pg_(?:toast_)?temp_)\d+")


def comparable(answer):
    """What was answered, with the numbers of temporary schemas left out."""
    def told(part):
        if isinstance(part, bytes):
            return TEMPORARY_SCHEMA.sub(rb"\1N", part)
        if isinstance(part, str):
            return told(part.encode()).decode()
        return tuple(told(p) for p in part) if isinstance(part, tuple) else part
    return [(event[0], tuple(told(v) for v in values(event[1]))) if event[0] == "row" else told(event)
            for event in answer.comparable()]


def values(row):
    """The values of a DataRow."""
    at, out = 2, []
    for _ in range(struct.unpack("!h", row[:2])[0]):
        length = struct.unpack("!i", row[at:at + 4])[0]
        out.append(None if length < 0 else row[at + 4:at + 4 + length])
        at += 4 + max(length, 0)
    return out


def without_oids(answer):
    return re.sub(r"\b(1[6-9]|[2-9][0-9])[0-9]{3}\b", "(oid)", repr(comparable(answer)))


def first_difference(expected, seen):
    for number, (a, b) in enumerate(zip(expected, seen)):
        if a != b:
            return f"at {number}: direct {a!r:.400}, through the proxy {b!r:.400}"
    longer = expected if len(expected) > len(seen) else seen
    side = "direct" if longer is expected else "proxy"
    return f"only {side} has {longer[min(len(expected), len(seen))]!r:.400}"


def tests_of(regress):
    """File names in the order of the parallel schedule, one after another."""
    names = []
    for line in (regress / "parallel_schedule").read_text().splitlines():
        if line.startswith("test:"):
            names += line.split(":", 1)[1].split()
    return [n for n in names if n not in ("tablespace", "psql", "psql_crosstab", "subscription", "publication", "stats")]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--consentry")
    options.add_argument("--only", help="test files, separated by commas; test_setup always runs first")
    options.add_argument("--report", help="everything as JSON")
    chosen = options.parse_args()
    chosen.consentry = chosen.consentry and str(pathlib.Path(chosen.consentry).resolve())
    regress = pathlib.Path(subprocess.run([HERE / "fetch.sh"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="consentry-regress-"))
    folder.chmod(0o755)
    clusters, proxy, runner = [], None, None
    try:
        for name in ("direct", "control", "proxied"):
            clusters.append(Cluster(folder, name))
        if chosen.consentry:
            proxy = Proxy(chosen.consentry, folder, clusters[2])
        runner = Run(clusters, proxy)
        names = tests_of(regress)
        if chosen.only:
            names = ["test_setup"] + [n for n in names if n in chosen.only.split(",") and n != "test_setup"]
        for name in names:
            began = time.time()
            runner.file(regress / "sql" / f"{name}.sql")
            if proxy and proxy.process.poll() is not None:
                print(f"consentry ended in {name}")
                break
            print(f"{name} {time.time() - began:.1f}s", file=sys.stderr, flush=True)
            if chosen.report:
                pathlib.Path(chosen.report).write_text(json.dumps(
                    {"counts": runner.counts, "rules": runner.rules, "refusals": runner.refusals, "examples": runner.examples,
                     "different": runner.different}, indent=1))
    finally:
        if runner:
            print(runner.report())
        if proxy:
            proxy.stop()
        for cluster in clusters:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
