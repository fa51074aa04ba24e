//! `consentry consent init`: consent tables for those who have none.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::direct::Direct;
use super::out::{self, remark};
use crate::consent::init::{create, grants, plan};
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
    /// Its key column
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
        let mut client = self.direct.connect().await?;
        let made = plan(&client, &self.kind, &table, &self.key).await?;
        if self.print {
            out::write(|out| {
                write!(out, "{}", made.ddl)?;
                self.grant_to.iter().try_for_each(|role| write!(out, "\n{}", grants(&self.kind, role)))
            })?;
        } else {
            create(&mut client, &made, &self.kind, self.grant_to.as_deref()).await?;
            remark!("created consentry.{0}_ledger and consentry.{0}_consent; this maps them:\n", self.kind);
            out::write(|out| write!(out, "{}", made.policy))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
