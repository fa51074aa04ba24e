//! Parts whose meaning a client could change by its settings, printed so that they mean one thing: times of day in UTC,
//! texts of dates in ISO 8601 (contract, section 3: dates are read as UTC). What cannot be said so is refused.
//!
//! Which conversions look at settings is `pg_proc.provolatile` of PostgreSQL 15 (those between `timestamptz` and `date`,
//! `time` or `timestamp`, `timestamptz` with `interval`, all input of times, output of all but `time`), and the output of
//! floats and `bytea`, which is called immutable and looks at `extra_float_digits` and `bytea_output`.

use pg_query::NodeEnum;
use pg_query::protobuf::{AExpr, FuncCall, Node, TypeCast, a_const};

use super::super::super::super::catalog::{ColumnType, quote_ident, quote_literal};
use super::kinds::Kind;
use super::{Done, Printer};

const NOW: &str = "\"pg_catalog\".\"statement_timestamp\"()";
const ZONE: &str = "\"pg_catalog\".\"timezone\"('UTC', ";
const TO_CHAR: &str = "\"pg_catalog\".\"to_char\"(";

/// What a value is cast to.
struct Target {
    sql: String,
    kind: Kind,
}

impl Printer<'_> {
    /// A mask's expression as a value of the column's type, where getting there looks at settings; the cast itself is the
    /// caller's.
    pub(in super::super) fn result(&mut self, node: &Node, ty: &ColumnType) -> Done {
        let kind = Kind::of(ty);
        match (self.kind_of(node), &kind) {
            (from, to) if from == *to => self.expression(node),
            (from, to) if !is_null(node) && (from.is_opaque() || to.is_opaque()) => Err(opaque()),
            (_, Kind::Date | Kind::Time | Kind::Timestamp | Kind::TimestampTz | Kind::Interval | Kind::Text) => {
                let sql = match &kind {
                    Kind::Text => "\"pg_catalog\".\"text\"".to_owned(),
                    _ => format!("\"pg_catalog\".{}", quote_ident(&ty.base)),
                };
                self.cast_to(node, &Target { sql, kind })
            }
            _ => self.expression(node),
        }
    }

    pub(super) fn cast(&mut self, cast: &TypeCast) -> Done {
        let Some(target) = &cast.type_name else { return Err("a cast has no type".into()) };
        let target = Target { sql: self.type_name(target)?, kind: self.kind_of_type(target) };
        let Some(node) = cast.arg.as_deref() else { return Err("an operand is missing".into()) };
        self.computes |= !self.is_cast_always(node, &target.kind);
        self.cast_to(node, &target)
    }

    fn cast_to(&mut self, node: &Node, target: &Target) -> Done {
        let Target { sql, kind } = target;
        let (open, close) = ("CAST(", format!(" AS {sql})"));
        match (self.kind_of(node), kind) {
            (Kind::Literal, to) if to.is_moment() => self.literal_as(node, to, &close),
            (Kind::TimestampTz, Kind::Date | Kind::Time | Kind::Timestamp) => {
                self.around(&[open, ZONE], node, &format!("){close}"))
            }
            (Kind::Date | Kind::Timestamp, Kind::TimestampTz) => {
                self.around(&[ZONE, open], node, " AS \"pg_catalog\".\"timestamp\"))")
            }
            (from, Kind::Text) if from.is_moment() || matches!(from, Kind::Float | Kind::Bytea) => {
                self.sql(open);
                self.text_of(node, &from)?;
                self.sql(&close);
                Ok(())
            }
            (from, Kind::Text) if !from.has_one_text() => {
                // What is wrong with the value itself comes first.
                self.bare(node)?;
                Err(no_one_text())
            }
            (Kind::Text, to) if to.is_moment() => {
                let why = "how a text is read as a date or time depends on the client's settings";
                Err(format!("{why}: use make_date with split_part, or store it as a date"))
            }
            (from, to) if from != *to && !is_null(node) && (from.is_opaque() || to.is_opaque()) => {
                self.bare(node)?;
                Err(opaque())
            }
            _ => self.around(&[open], node, &close),
        }
    }

    /// `open…`, the node as it is, `close`.
    fn around(&mut self, open: &[&str], node: &Node, close: &str) -> Done {
        open.iter().for_each(|sql| self.sql(sql));
        self.bare(node)?;
        self.sql(close);
        Ok(())
    }

    fn bare(&mut self, node: &Node) -> Done {
        self.bare_operand(&Some(Box::new(node.clone())))
    }

    /// Its one text, in ISO 8601 and UTC, as PostgreSQL prints it under `DateStyle = ISO`.
    fn text_of(&mut self, node: &Node, kind: &Kind) -> Done {
        const SECONDS: &str = ", 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')";
        let trimmed = "\"pg_catalog\".\"rtrim\"(\"pg_catalog\".\"rtrim\"(";
        match kind {
            Kind::Date => self.around(&[TO_CHAR, "CAST("], node, " AS \"pg_catalog\".\"timestamp\"), 'YYYY-MM-DD')"),
            Kind::Timestamp => self.around(&[trimmed, TO_CHAR], node, SECONDS),
            Kind::TimestampTz => {
                self.sql("(");
                self.around(&[trimmed, TO_CHAR, ZONE], node, &format!("){SECONDS}"))?;
                self.sql(" OPERATOR(pg_catalog.||) '+00')");
                Ok(())
            }
            Kind::Float => self.around(&["CAST("], node, " AS \"pg_catalog\".\"numeric\")"),
            Kind::Bytea => {
                self.around(&["('\\x' OPERATOR(pg_catalog.||) \"pg_catalog\".\"encode\"("], node, ", 'hex'))")
            }
            Kind::Time => self.bare(node),
            _ => Err(no_one_text()),
        }
    }

    // === literals ===

    /// A literal that is read as a point or a length of time. `close`: the end of the cast.
    fn literal_as(&mut self, node: &Node, kind: &Kind, close: &str) -> Done {
        let text = match &node.node {
            Some(NodeEnum::AConst(c)) if c.isnull => {
                self.sql(&format!("CAST(NULL{close}"));
                return Ok(());
            }
            Some(NodeEnum::AConst(c)) => match &c.val {
                Some(a_const::Val::Sval(s)) => s.sval.as_str(),
                _ => return Err("a constant cannot be read".into()),
            },
            _ => return Err("write dates and times as literals in it".into()),
        };
        let literal = quote_literal(text);
        match (kind, literal::zone_of(text)) {
            (Kind::Interval, _) if literal::is_interval(text) => self.sql(&format!("CAST({literal}{close}")),
            (Kind::Interval, _) => {
                return Err(format!("write the interval '{text}' in plain units, such as '1 year 2 days'"));
            }
            (Kind::Time, _) if literal::is_time(text) => self.sql(&format!("CAST({literal}{close}")),
            // Without a zone it is UTC; with one, a bare timestamp would drop it.
            (Kind::TimestampTz, Some(false)) => {
                self.sql(&format!("{ZONE}CAST({literal} AS \"pg_catalog\".\"timestamp\"))"));
            }
            (Kind::TimestampTz, Some(true)) | (Kind::Date | Kind::Timestamp, Some(false)) => {
                self.sql(&format!("CAST({literal}{close}"));
            }
            _ => {
                let how = "2026-01-31 or 2026-01-31 12:00:00+00, or use CURRENT_DATE";
                return Err(format!("how '{text}' is read depends on the client's settings: write {how}"));
            }
        }
        Ok(())
    }

    /// A value as one of kind `wanted`, as PostgreSQL would make it one implicitly.
    pub(super) fn as_kind(&mut self, node: &Node, wanted: &Kind) -> Done {
        let kind = self.kind_of(node);
        if kind != *wanted && wanted.is_opaque() && !is_null(node) {
            return Err(opaque());
        }
        if kind == *wanted || !wanted.is_moment() {
            return self.expression(node);
        }
        let name = match wanted {
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::Timestamp => "timestamp",
            Kind::TimestampTz => "timestamptz",
            _ => "interval",
        };
        if !matches!(kind, Kind::Literal | Kind::Date | Kind::Timestamp) {
            return Err(format!("it puts a {name} beside something of another type: cast one of them"));
        }
        self.cast_to(node, &Target { sql: format!("\"pg_catalog\".\"{name}\""), kind: wanted.clone() })
    }

    // === operators ===

    /// Two operands as one of which a point in time may be the other's kind; `None`: print them as they are.
    pub(super) fn operands_kind(&self, e: &AExpr, operator: &str) -> Result<Option<Kind>, String> {
        let (left, right) = (self.kind_of_operand(&e.lexpr), self.kind_of_operand(&e.rexpr));
        if operator == "||" {
            let joined = |kind: &Kind| matches!(kind, Kind::Array(_) | Kind::Json | Kind::Bytea) || kind.has_one_text();
            return if joined(&left) && joined(&right) { Ok(None) } else { Err(no_one_text()) };
        }
        if e.lexpr.is_some() && left != right && (left.is_opaque() || right.is_opaque()) {
            return Err(opaque());
        }
        if !left.is_moment() && !right.is_moment() {
            return Ok(None);
        }
        let points = |kind: &Kind| matches!(kind, Kind::Date | Kind::Timestamp | Kind::TimestampTz);
        match (&left, &right) {
            (Kind::Literal, _) | (_, Kind::Literal) if operator == "+" => {
                Err("what kind of value the literal is, is not said: write interval '1 day', or date '2026-01-31'"
                    .into())
            }
            (Kind::Literal, other) | (other, Kind::Literal) => Ok(Some(other.clone())),
            (left, right) if left != right && points(left) && points(right) => {
                let zoned = *left == Kind::TimestampTz || *right == Kind::TimestampTz;
                Ok(Some(if zoned { Kind::TimestampTz } else { Kind::Timestamp }))
            }
            _ => Ok(None),
        }
    }

    /// `timestamptz ± interval` adds days of the session's zone: printed for UTC. Whether it was one.
    pub(super) fn moved(&mut self, e: &AExpr, operator: &str) -> Result<bool, String> {
        let (left, right) = (self.kind_of_operand(&e.lexpr), self.kind_of_operand(&e.rexpr));
        let (Some(l), Some(r)) = (&e.lexpr, &e.rexpr) else { return Ok(false) };
        if !matches!(operator, "+" | "-") {
            return Ok(false);
        }
        match (left, right) {
            (Kind::TimestampTz, Kind::Interval) => {
                self.around(&[ZONE, "(", ZONE], l, &format!(") OPERATOR(pg_catalog.{operator}) "))?;
                self.around(&[], r, "))")?;
            }
            (Kind::Interval, Kind::TimestampTz) => {
                self.around(&[ZONE, "("], l, &format!(" OPERATOR(pg_catalog.{operator}) "))?;
                self.around(&[ZONE], r, ")))")?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    // === functions ===

    /// A call of an allowed function, by its name in `pg_catalog`.
    pub(super) fn settled_call(&mut self, name: &str, call: &FuncCall) -> Done {
        let open = format!("\"pg_catalog\".{}(", quote_ident(name));
        let args = call.args.as_slice();
        let kinds: Vec<Kind> = args.iter().map(|a| self.kind_of(a)).collect();
        match (name, args, kinds.as_slice()) {
            ("age", [of], _) => {
                self.sql(&format!(
                    "{open}CAST(CAST({ZONE}{NOW}) AS \"pg_catalog\".\"date\") AS \"pg_catalog\".\"timestamp\"), "
                ));
                self.bare_moment(of)?;
                self.sql(")");
                Ok(())
            }
            ("age", [to, from], _) => {
                self.sql(&open);
                self.bare_moment(to)?;
                self.sql(", ");
                self.bare_moment(from)?;
                self.sql(")");
                Ok(())
            }
            // `date_trunc(text, date)` is that of a timestamptz (PostgreSQL prefers it).
            ("date_trunc", [field, of], [_, Kind::Date | Kind::TimestampTz]) => {
                self.sql(&format!("{ZONE}{open}"));
                self.expression(field)?;
                self.sql(", ");
                self.bare_moment(of)?;
                self.sql("))");
                Ok(())
            }
            ("date_trunc", [field, of, zone], _) => {
                self.sql(&open);
                self.expression(field)?;
                self.sql(", ");
                self.as_kind(of, &Kind::TimestampTz)?;
                self.sql(", ");
                self.expression(zone)?;
                self.sql(")");
                Ok(())
            }
            ("extract" | "date_part", [field, of], [_, Kind::TimestampTz]) => {
                self.field(field)?;
                self.around(&[&open], field, ", ")?;
                self.around(&[ZONE], of, "))")
            }
            ("to_char", [of, format], [kind, _]) => {
                self.format(format, kind)?;
                self.sql(&open);
                match kind {
                    Kind::Date | Kind::TimestampTz => self.bare_moment(of)?,
                    _ => self.expression(of)?,
                }
                self.around(&[", "], format, ")")
            }
            ("timezone", [zone, of], _) => {
                self.around(&[&open], zone, ", ")?;
                match kinds.get(1) {
                    Some(Kind::Date) => self.as_kind(of, &Kind::TimestampTz)?,
                    Some(Kind::Timestamp | Kind::TimestampTz | Kind::Unsaid) => self.expression(of)?,
                    _ => return Err("AT TIME ZONE needs a timestamp: cast what it is asked of".into()),
                }
                self.sql(")");
                Ok(())
            }
            ("date_bin", [stride, of, origin], [_, a, b]) => {
                let zoned = [a, b].iter().any(|k| matches!(k, Kind::TimestampTz | Kind::Date));
                let kind = if zoned { Kind::TimestampTz } else { Kind::Timestamp };
                self.sql(&open);
                self.as_kind(stride, &Kind::Interval)?;
                for part in [of, origin] {
                    self.sql(", ");
                    self.as_kind(part, &kind)?;
                }
                self.sql(")");
                Ok(())
            }
            _ => self.plain_call(name, &open, args, &kinds),
        }
    }

    fn plain_call(&mut self, name: &str, open: &str, args: &[Node], kinds: &[Kind]) -> Done {
        let written =
            matches!(name, "concat" | "concat_ws" | "format" | "array_to_string" | "to_jsonb" | "jsonb_build_object");
        // JSON writes these two in ISO 8601, whatever DateStyle is.
        let json = |kind: &Kind| name.contains("json") && matches!(kind, Kind::Date | Kind::Timestamp);
        if written && !kinds.iter().all(|k| k.has_one_text() || json(k)) {
            return Err(no_one_text());
        }
        if kinds.contains(&Kind::Other) {
            return Err(opaque());
        }
        // A literal would be read as what stands beside it, and what is called for which type is not said.
        let array = |k: &Kind| matches!(k, Kind::Array(of) if of.is_moment());
        let times = matches!(name, "age" | "date_trunc" | "date_part" | "extract") && kinds.contains(&Kind::Literal);
        let mixed = kinds.iter().any(array) && kinds.contains(&Kind::Literal);
        let unsaid = times && kinds.last() == Some(&Kind::Literal);
        if mixed || unsaid {
            return Err(format!("in `{name}`, say what the literal is: date '2026-01-31', for example"));
        }
        self.listed(open, args, ")")
    }

    /// A point in time without a zone, in UTC.
    fn bare_moment(&mut self, node: &Node) -> Done {
        match self.kind_of(node) {
            Kind::TimestampTz => self.around(&[ZONE], node, ")"),
            _ => self.as_kind(node, &Kind::Timestamp),
        }
    }

    fn field(&self, field: &Node) -> Done {
        match literal_text(field) {
            Some(name) if !name.to_ascii_lowercase().starts_with("timezone") => Ok(()),
            _ => Err("the field of a date must be a literal, and not its time zone".into()),
        }
    }

    /// Patterns that lc_time, lc_numeric or lc_monetary decide.
    fn format(&self, format: &Node, kind: &Kind) -> Done {
        let Some(text) = literal_text(format) else { return Err("the format of to_char must be a literal".into()) };
        let upper = text.to_ascii_uppercase();
        let localised = match kind {
            Kind::Date | Kind::Timestamp | Kind::TimestampTz | Kind::Interval => upper.contains("TM"),
            Kind::Integer | Kind::Numeric | Kind::Float => upper.contains(['D', 'G', 'L']),
            Kind::Unsaid => false,
            _ => return Err("to_char needs a date, a timestamp or a number: cast what it is asked of".into()),
        };
        match localised {
            true => Err("a format with TM, D, G or L depends on the client's settings: use `.` and `,`".into()),
            false => Ok(()),
        }
    }
}

fn literal_text(node: &Node) -> Option<&str> {
    match &node.node {
        Some(NodeEnum::AConst(c)) => match &c.val {
            Some(a_const::Val::Sval(s)) => Some(&s.sval),
            _ => None,
        },
        _ => None,
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::AConst(c)) if c.isnull)
}

fn opaque() -> String {
    "how values of this type are read and written may depend on the client's settings (ranges, money, domains, time with \
     time zone, arrays of times or floats): compare it with its like only, or ask IS NULL"
        .into()
}

fn no_one_text() -> String {
    "the text of this value depends on the client's settings: cast it to date, timestamp, numeric or text first, or use \
     to_char"
        .into()
}

/// Literals that mean the same under all settings.
mod literal {
    /// Of a date or timestamp in ISO 8601 (or infinity): whether it names a zone. `None`: it is something else.
    pub fn zone_of(text: &str) -> Option<bool> {
        if matches!(text, "infinity" | "-infinity") {
            return Some(false);
        }
        let (date, rest) = text.split_at_checked(10)?;
        if !shaped(date, "dddd-dd-dd") {
            return None;
        }
        let Some(time) = rest.strip_prefix([' ', 'T']) else { return rest.is_empty().then_some(false) };
        let end = time.find(['Z', '+', '-']).unwrap_or(time.len());
        let (time, zone) = time.split_at(end);
        match zone {
            _ if !is_time(time) => None,
            "" => Some(false),
            "Z" | "+00" => Some(true),
            _ => ["dd", "dd:dd", "dddd"].iter().any(|s| shaped(&zone[1..], s)).then_some(true),
        }
    }

    pub fn is_time(text: &str) -> bool {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        (shaped(whole, "dd:dd:dd") || (whole == text && shaped(whole, "dd:dd")))
            && !fraction.is_empty()
            && fraction.bytes().all(|b| b.is_ascii_digit())
    }

    /// Numbers with units, or ISO 8601's `P…`; signs and bare clock times are read by IntervalStyle.
    pub fn is_interval(text: &str) -> bool {
        const UNITS: [&str; 9] =
            ["microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "year"];
        let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        let is_unit = |word: &str| {
            let word = word.to_ascii_lowercase();
            UNITS.contains(&word.trim_end_matches('s')) || word == "mon" || word == "mons"
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let plain = !words.is_empty() && words.chunks(2).all(|w| matches!(w, [n, u] if is_number(n) && is_unit(u)));
        let iso = text
            .strip_prefix('P')
            .is_some_and(|rest| rest.len() > 1 && rest.bytes().all(|b| b.is_ascii_digit() || b"YMWDTHS".contains(&b)));
        plain || iso
    }

    /// `d` stands for a digit.
    fn shaped(text: &str, shape: &str) -> bool {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(t, s)| if s == b'd' { t.is_ascii_digit() } else { t == s })
    }
}
