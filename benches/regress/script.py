"""Splits a psql script of PostgreSQL's regression suite into the messages that psql would send.

Knows psql's quoting, its variables and COPY data; other backslash commands are left out, as they are psql's own.
"""

import re

DOLLAR = re.compile(r"\$(?:[A-Za-z_\x80-\uffff][A-Za-z0-9_\x80-\uffff]*)?\$")
IDENT = re.compile(r"[A-Za-z0-9_\x80-\uffff$]")
VARIABLE = re.compile(r":(?:'(\w+)'|\"(\w+)\"|(\w+))")
COPY_IN = re.compile(r"^\s*copy\b.*\bfrom\s+stdin\b", re.I | re.S)


class Statement:
    def __init__(self, sql, line):
        self.sql = sql
        self.line = line
        self.copy_data = None

    def kind(self):
        """`select`, `dml` or `other`."""
        text = re.sub(r"^(\s|--[^\n]*\n|/\*.*?\*/|\()+", "", self.sql, flags=re.S).lower()
        word = re.match(r"[a-z]+", text)
        word = word.group(0) if word else ""
        if word == "with":
            writes = re.search(r"\)\s*(insert|update|delete|merge)\b", text)
            return "dml" if writes else "select"
        if word in ("select", "values", "table"):
            return "select"
        return "dml" if word in ("insert", "update", "delete", "merge") else "other"


def statements(text, variables):
    """Yields the statements of a script in order. `variables` are psql's, and are changed by `\\set`."""
    pos, line, start, begun_at = 0, 1, None, 1
    buffer, depth, pending_copy = [], 0, None
    lines = text.split("\n")
    offset_of = []
    total = 0
    for l in lines:
        offset_of.append(total)
        total += len(l) + 1
    i = 0
    n = len(text)

    def line_end(at):
        end = text.find("\n", at)
        return n if end < 0 else end

    while i < n:
        c = text[i]
        if c == "\n":
            line += 1
        if not buffer and c.isspace():
            i += 1
            continue
        if not buffer:
            begun_at = line
        if c == "'" :
            escapes = buffer and buffer[-1] in "eE" and (len(buffer) < 2 or not IDENT.match(buffer[-2]))
            j = i + 1
            while j < n:
                if escapes and text[j] == "\\":
                    j += 2
                    continue
                if text[j] == "'":
                    if j + 1 < n and text[j + 1] == "'":
                        j += 2
                        continue
                    break
                j += 1
            piece = text[i:j + 1]
        elif c == '"':
            j = text.find('"', i + 1)
            j = n - 1 if j < 0 else j
            piece = text[i:j + 1]
        elif c == "-" and text.startswith("--", i):
            j = line_end(i) - 1
            piece = text[i:j + 1]
            if not buffer:
                i = j + 1
                continue
        elif c == "/" and text.startswith("/*", i):
            level, j = 1, i + 2
            while j < n and level:
                if text.startswith("/*", j):
                    level, j = level + 1, j + 2
                elif text.startswith("*/", j):
                    level, j = level - 1, j + 2
                else:
                    j += 1
            piece = text[i:j]
            j -= 1
            if not buffer:
                line += piece.count("\n")
                i = j + 1
                continue
        elif c == "$" and (m := DOLLAR.match(text, i)) and not (buffer and IDENT.match(buffer[-1])):
            j = text.find(m.group(0), m.end())
            j = (n if j < 0 else j + len(m.group(0))) - 1
            piece = text[i:j + 1]
        elif c == "\\":
            end = line_end(i)
            command = text[i:end]
            if command.startswith("\\;"):
                buffer.append(";")
                i += 2
                continue
            i = end
            if command.startswith("\\set "):
                parts = command.split(None, 2)
                value = parts[2] if len(parts) > 2 else ""
                variables[parts[1]] = substitute(value, variables, joining=True)
            elif re.match(r"\\g(x|set|exec|desc)?\b|\\crosstabview|\\watch", command) and buffer:
                yield from finish(buffer, begun_at, variables)
                buffer = []
            elif command.startswith("\\r"):
                buffer = []
            continue
        elif c == ":" and (m := VARIABLE.match(text, i)) and not text.startswith("::", i) \
                and not (buffer and buffer[-1] == ":"):
            name = next(g for g in m.groups() if g)
            if name in variables:
                value = variables[name]
                if m.group(1):
                    value = "'" + value.replace("'", "''") + "'"
                elif m.group(2):
                    value = '"' + value + '"'
                buffer.extend(value)
                i = m.end()
                continue
            piece, j = c, i
        elif c in "([":
            depth += 1
            piece, j = c, i
        elif c in ")]":
            depth -= 1
            piece, j = c, i
        elif c == ";" and depth <= 0 and not in_atomic(buffer):
            depth = 0
            done = list(finish(buffer, begun_at, variables))
            buffer = []
            i += 1
            if done and COPY_IN.match(done[0].sql):
                i = line_end(i) + 1
                data = []
                while i < n:
                    end = line_end(i)
                    row = text[i:end]
                    i = end + 1
                    line += 1
                    if row == "\\.":
                        break
                    data.append(row + "\n")
                line += 1
                done[0].copy_data = "".join(data)
            yield from done
            continue
        else:
            piece, j = c, i
        if len(piece) > 1:
            line += piece.count("\n")
        buffer.extend(piece)
        i = j + 1
    yield from finish(buffer, begun_at, variables)


def in_atomic(buffer):
    """Inside of `BEGIN ATOMIC … END`, as psql counts it."""
    text = "".join(buffer)
    if not re.search(r"\bbegin\s+atomic\b", text, re.I):
        return False
    opened = len(re.findall(r"\b(begin|case)\b", text, re.I))
    return opened > len(re.findall(r"\bend\b", text, re.I))


def finish(buffer, line, variables):
    sql = "".join(buffer).strip()
    if sql:
        yield Statement(sql, line)


def substitute(value, variables, joining=False):
    """`:var 'text'` of `\\set`: the pieces joined without blanks."""
    out = []
    for part in re.findall(r"'[^']*'|\S+", value):
        if part.startswith(":"):
            out.append(variables.get(part[1:].strip("'\""), part))
        else:
            out.append(part.strip("'"))
    return "".join(out)
