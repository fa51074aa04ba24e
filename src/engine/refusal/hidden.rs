//! What would tell of values and rows that are not shown, though it shows none of them.

use super::{Refusal, SqlState};

/// `cmin` or `cmax`.
pub fn counts_commands(name: &str) -> Refusal {
    Refusal::new(
        "system-column",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for column {name}"),
        "rule system-column: it counts the commands that PostgreSQL ran on other rows too, which may be hidden",
        "leave it out; ctid and xmin may be read",
    )
}

/// `xmax` of what protected rows refer to.
pub fn shows_lockers(table: &str) -> Refusal {
    Refusal::new(
        "system-column",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for column xmax of table {table}"),
        "rule system-column: it shows which rows others came to refer to, from tables that are not open",
        "leave it out; xmin may be read, and of an upsert RETURNING (xmax = 0) tells whether the row is new",
    )
    .of(table)
}

/// A foreign key takes rows along by a column that is not shown.
pub fn follows_hidden(what: &str, table: &str, column: &str) -> Refusal {
    Refusal::new(
        "hidden-key",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("{what} would remove or change rows of {table} by {column}, and show whose value it is"),
        format!(
            "rule hidden-key: not every purpose of this role that reaches {table} shows {column} in clear in every row"
        ),
        format!("remove or change these rows of {table} first, or let a role do it that sees the column"),
    )
    .of(table)
}

/// A partition is named, and which rows lie in it follows from a column that the purpose does not show in every row.
pub fn partition_tells(partition: &str, column: &str, whole: &str) -> Refusal {
    Refusal::new(
        "partition-tells",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {partition}"),
        format!("rule partition-tells: its rows are told by {column}, which this purpose does not show in clear"),
        format!("name {whole}, or use a purpose that shows the column's category in clear"),
    )
    .of(partition)
}

/// Rows of one partition, to which others refer or which has a trigger, cannot be removed as those of another can.
pub fn held_in_partition(table: &str, column: &str, partition: &str) -> Refusal {
    Refusal::new(
        "partition-tells",
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("permission denied for table {table}"),
        format!(
            "rule partition-tells: a foreign key or trigger is about {partition} alone, where rows are by {column}"
        ),
        format!("use a purpose that shows {column} in clear, or let it be about {table}"),
    )
    .of(table)
}
