//! `consentry consent init`: consent tables for those who have none, and those that it once made brought up to date.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::direct::Direct;
use super::out::{self, remark};
use crate::consent::init::{Created, SCHEMA, create, grants, plan};
use crate::consent::made::Kind;
use crate::engine::policy::names;

#[derive(Args)]
pub struct Init {
    #[command(flatten)]
    direct: Direct,
    /// Kind of subject: becomes part of the tables' names
    #[arg(long)]
    kind: String,
    /// The table that these people are in, as schema.table
    #[arg(long, value_name = "TABLE")]
    table: String,
    /// Its key column, as it stands or in SQL's quotes
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    key: String,
    /// The role that the proxy logs in with: gets the rights to read and write the choices
    #[arg(long, value_name = "ROLE")]
    grant_to: Option<String>,
    /// Print the SQL, and create nothing
    #[arg(long)]
    print: bool,
}

impl Init {
    pub async fn run(self) -> Result<ExitCode> {
        let table = names::qualified(&self.table).map_err(|e| anyhow::anyhow!("--table: {e}"))?;
        let key = match self.key.starts_with('"') {
            true => names::single(&self.key).map_err(|e| anyhow::anyhow!("--key: {e}"))?,
            false => self.key,
        };
        let mut client = self.direct.connect().await?;
        let made = plan(&client, &self.kind, &table, &key).await?;
        if self.print {
            out::write(|out| {
                write!(out, "{}", made.ddl)?;
                self.grant_to.iter().try_for_each(|role| write!(out, "\n{}", grants(&self.kind, role)))
            })?;
        } else {
            let tables = format!("{SCHEMA}.{} and {SCHEMA}.{}", Kind(&self.kind).ledger(), Kind(&self.kind).state());
            match create(&mut client, &made, &self.kind, self.grant_to.as_deref()).await? {
                Created::Tables => remark!("created {tables}; this maps them:\n"),
                Created::UpToDate(parts) if parts.is_empty() => {
                    remark!("{tables} are there and up to date; this maps them:\n");
                }
                Created::UpToDate(parts) => {
                    remark!("brought {tables} up to date, no row was touched: {}; this maps them:\n", parts.join(", "));
                }
            }
            out::write(|out| write!(out, "{}", made.policy))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
