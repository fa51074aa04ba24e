//! `consentry serve`: the proxy itself.

use std::os::fd::AsFd as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::serve::Crew;

/// Statements are judged by recursion over their trees: with this, all but odd ones need no stack of their own
/// (`engine::parse::on_roomy_stack`). Memory is taken only as far as it is used.
const WORKER_STACK: usize = 16 << 20;

/// Run the proxy
#[derive(Args)]
pub struct Serve {
    /// The server file
    #[arg(short, long, env = "CONSENTRY_CONFIG", default_value = "consentry.toml")]
    config: PathBuf,
    /// What to log: error, warn, info, debug, or a filter such as `consentry::session=debug`. Of the libraries in it, only
    /// warnings are logged: what else they tell can hold values
    #[arg(long, env = "CONSENTRY_LOG", default_value = "info")]
    log: String,
    /// Log as JSON lines
    #[arg(long)]
    log_json: bool,
}

impl Serve {
    pub fn run(&self) -> Result<()> {
        self.start_log()?;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.enable_all().thread_stack_size(WORKER_STACK);
        let runtime = runtime.build().context("no runtime")?;
        let crew = Crew::new(WORKER_STACK).context("no threads for sessions")?;
        let served = runtime.block_on(crate::serve::serve(&self.config, &crew));
        crew.dismiss();
        served
    }

    fn start_log(&self) -> Result<()> {
        let filter = EnvFilter::try_new(&self.log).context("--log")?;
        // libpg_query points file descriptor 2 elsewhere for the time of each parse, in whichever thread; two at once can
        // leave it there. The log keeps a descriptor of its own.
        let stderr =
            std::fs::File::from(std::io::stderr().as_fd().try_clone_to_owned().context("no stderr to log to")?);
        let layer = fmt::layer().with_writer(stderr);
        let layer = match self.log_json {
            true => layer.json().boxed(),
            false => layer.with_ansi(std::env::var_os("NO_COLOR").is_none() && is_terminal()).boxed(),
        };
        let filter = filter.and(filter_fn(tells_no_values));
        let started = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
        started.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
    }
}

/// Others tell what they work on: a parser its texts with all their literals, a client of PostgreSQL what triggers say.
fn tells_no_values(about: &Metadata<'_>) -> bool {
    let ours = about.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"));
    ours || *about.level() <= Level::WARN
}

fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}
