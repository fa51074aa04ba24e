//! `consentry demo`: Consentry shown at work, on a throwaway PostgreSQL with a small CRM.
//!
//! Everything shown is done by what a user has: psql, PostgreSQL's protocol, and this program's own commands.

pub mod crm;
pub mod postgres;
mod scenes;
mod stage;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use stage::Stage;

#[derive(Args)]
pub struct Demo {
    /// End after the show instead of staying up to be played with
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub fn run(self) -> Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.show())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn show(self) -> Result<()> {
        let mut stage = Stage::build().await.context("the demo cannot start")?;
        scenes::welcome(&stage);
        scenes::side_by_side(&stage).await?;
        scenes::explained(&stage)?;
        scenes::refused(&stage)?;
        scenes::withdrawn(&stage).await?;
        scenes::recorded(&mut stage)?;
        if !self.once {
            stage.start_proxy()?;
            scenes::farewell(&stage);
            tokio::signal::ctrl_c().await?;
            stage.stop_proxy()?;
        }
        Ok(())
    }
}
