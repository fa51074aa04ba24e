#!/usr/bin/env python3
"""figures.py AUDIT: per role, how many statements left and were refused, how they ended, and the rules that refused most."""

import collections
import json
import pathlib
import sys

outcomes, ends, rules = (collections.defaultdict(collections.Counter) for _ in range(3))
roles = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jsonl")):
    for line in path.open():
        event = json.loads(line)
        if event["event"] == "decision":
            roles[event["statement"]] = event["role"]
            outcomes[event["role"]][event["outcome"]] += 1
            if event["outcome"] == "refused":
                rules[event["role"]][(event.get("refusal") or {}).get("rule") or str(event.get("refusal"))] += 1
        elif event["event"] == "completion" and event["statement"] in roles:
            ends[roles[event["statement"]]][event["outcome"]] += 1
print(f"{'role':<10} {'statements':>10} {'as written':>10} {'changed':>8} {'refused':>8} {'ok':>8} {'error':>8} {'cancelled':>9}")
for role, o in outcomes.items():
    e = ends[role]
    print(f"{role:<10} {sum(o.values()):>10} {o['allowed']:>10} {o['changed']:>8} {o['refused']:>8} {e['ok']:>8} {e['error']:>8} {e['cancelled']:>9}")
for role, r in rules.items():
    print(f"{role}: " + ", ".join(f"{rule} {n}" for rule, n in r.most_common(6)))
