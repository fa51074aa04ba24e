//! What commands that work in a database directly share: which database, its policy, and the record of what they do.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use tokio_postgres::Client;

use super::databases::{ConfigOption, Findings, choose, load_server, upstream_of};
use super::out::remark;
use crate::audit::event::{DeedOutcome, Upkeep, UpkeepCount, UpkeepDone};
use crate::audit::note::{DEFAULT_ORIGIN, NoteSigner};
use crate::audit::{self, Event, RecordUnavailable, Recorder};
use crate::config::folder::read_policy;
use crate::config::server::{self, Database, Server};
use crate::config::upstream::Upstream as Place;
use crate::consent::commit::Moment;
use crate::consent::fault::Fault;
use crate::consent::sweep::TableCount;
use crate::engine::catalog::Catalog;
use crate::engine::policy::Policy;
use crate::engine::policy::resolve::resolve;
use crate::engine::spelling;
use crate::relay::dial::Dialer;
use crate::relay::own;
use crate::relay::upstream::{Password, Upstream};

/// Which database
#[derive(Args)]
pub struct Direct {
    #[command(flatten)]
    config: ConfigOption,
    /// The database, by its name in the server file; not needed when there is only one
    #[arg(short, long, value_name = "NAME")]
    database: Option<String>,
    /// Log in here instead of at the upstream, as a role that may do more: postgres://owner@host/database?sslmode=…
    ///
    /// Its password is taken from the variable CONSENTRY_ADMIN_PASSWORD, or asked for with -W.
    #[arg(long, env = "CONSENTRY_ADMIN_URL", value_name = "URL")]
    admin_url: Option<String>,
    /// Ask for the password of --admin-url
    #[arg(short = 'W', long, requires = "admin_url")]
    ask_password: bool,
}

/// A database to work in.
pub struct Opened {
    pub client: Client,
    pub policy: Policy,
    pub catalog: Catalog,
    /// Its name in the server file.
    pub database: String,
    /// The PostgreSQL login.
    pub user: String,
    audit: server::Audit,
}

/// Runs an asynchronous command to its end.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    // Several threads, because the record is waited for inside of callbacks.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(work)
}

impl Direct {
    /// Connects, reads the catalog, and resolves the policy against it.
    pub async fn open(&self) -> Result<Opened> {
        let server = self.server()?;
        let (name, database) = choose(&server, self.database.as_deref())?;
        let upstream = self.upstream(database)?;
        let user = upstream.place.user.clone();
        let client = own::connect(&Dialer::new(upstream)?).await?;
        if self.admin_url.is_some() {
            is_of_the_server_file(&client, database).await?;
        }
        let catalog = crate::relay::catalog::load(&client).await.context("cannot read the catalog")?;
        let files = read_policy(&database.policy)?;
        let (policy, _) = resolve(&files, &catalog)
            .map_err(|problems| anyhow::Error::from(Findings::Problems(problems, files)))
            .context("the policy has problems")?;
        settle(&client).await?;
        Ok(Opened { client, policy, catalog, database: name.to_owned(), user, audit: server.audit.clone() })
    }

    /// Connects without a policy: for those who have none yet.
    pub async fn connect(&self) -> Result<Client> {
        let upstream = match &self.admin_url {
            Some(url) => self.admin(url)?,
            None => {
                let server = self.server()?;
                let (_, database) = choose(&server, self.database.as_deref())?;
                self.upstream(database)?
            }
        };
        let client = own::connect(&Dialer::new(upstream)?).await?;
        settle(&client).await?;
        Ok(client)
    }

    fn server(&self) -> Result<Server> {
        let (server, _, _) =
            load_server(&self.config.config).map_err(anyhow::Error::from).context("no server file to work with")?;
        Ok(server)
    }

    /// What is done goes on record under the server file's name of the database, and is judged by its policy: another login
    /// must lead to no other.
    fn upstream(&self, database: &Database) -> Result<Upstream> {
        let Some(url) = &self.admin_url else { return upstream_of(database) };
        let admin = self.admin(url)?;
        let (asked, served) = (&admin.place.database, &database.upstream.database);
        anyhow::ensure!(
            asked == served,
            "--admin-url leads to the database \"{asked}\", and the one of the server file is \"{served}\"; \
             choose another with --database, or correct the URL"
        );
        Ok(admin)
    }

    fn admin(&self, url: &str) -> Result<Upstream> {
        let place = Place::parse(url, std::path::Path::new("."))
            .map_err(|fault| anyhow::anyhow!("--admin-url: {}; {}", fault.message, fault.fix))?;
        let password = if self.ask_password {
            Some(rpassword::prompt_password("password: ").context("cannot ask for the password")?)
        } else {
            std::env::var("CONSENTRY_ADMIN_PASSWORD").ok()
        };
        Ok(Upstream { place, password: password.map(Password::Told) })
    }
}

/// Whether a login of its own leads to the server that the proxy's does, as far as the server file's login gets there and both
/// may tell: whoever runs these commands need not have its password.
async fn is_of_the_server_file(client: &Client, database: &Database) -> Result<()> {
    let Ok(served) = own::connect(&Dialer::new(upstream_of(database)?)?).await else { return Ok(()) };
    let (asked, served) = (own::identity(client).await, own::identity(&served).await);
    anyhow::ensure!(
        asked == served || asked.is_none() || served.is_none(),
        "--admin-url leads to a database of that name on another server than the server file's; correct the URL"
    );
    Ok(())
}

/// Times in UTC, and no name that a schema of the database could take over.
async fn settle(client: &Client) -> Result<()> {
    let settings = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; \
                    SET search_path = pg_catalog; SET standard_conforming_strings = on; SET lock_timeout = '60s'";
    client.batch_execute(settings).await.context("cannot settle the connection")
}

impl Opened {
    /// The record of what these commands do: a folder beside the proxy's (`audit` → `audit-upkeep`), as the proxy holds its
    /// own; signed and hashed with the same keys, so that one `--key` and one `--subject` serve both, but a log of its own
    /// (`audit verify --upkeep`).
    pub fn upkeeper(&self) -> Result<Upkeeper> {
        let proxy = self.audit_config();
        make_key(&proxy)?;
        let mut folder = proxy.folder.file_name().unwrap_or_default().to_os_string();
        folder.push(audit::config::UPKEEP);
        let record = audit::Config {
            key: Some(proxy.key_file()),
            subject_keys: Some(proxy.subject_keys_folder()),
            folder: proxy.folder.with_file_name(folder),
            log: audit::Log::Upkeep,
            durability: audit::Durability::Strict,
            patience: PATIENCE,
            // The last file is read each time.
            rotate_bytes: 8 << 20,
            ..proxy
        };
        let policy = self.policy.digest.clone();
        let key_types =
            self.policy.subjects.keys().map(|kind| (kind.clone(), self.key_type(kind).to_owned())).collect();
        Ok(Upkeeper { record, user: self.user.clone(), database: self.database.clone(), policy, key_types })
    }

    /// The base type of the keys of a kind of person.
    pub fn key_type(&self, kind: &str) -> &str {
        let kind = self.policy.subjects.get(kind);
        let key = kind.and_then(|kind| kind.key_column(&self.catalog));
        key.map_or("", |key| &key.ty.base)
    }

    /// The proxy's own record.
    pub fn audit_config(&self) -> audit::Config {
        audit::Config {
            key: self.audit.key.clone(),
            subject_keys: self.audit.subject_keys.clone(),
            ..audit::Config::new(&self.audit.folder)
        }
    }
}

/// The record's key, where the proxy has not run yet and would make it itself.
fn make_key(proxy: &audit::Config) -> Result<()> {
    let path = proxy.key_file();
    if proxy.key.is_none() && !path.exists() {
        let made = NoteSigner::generate(DEFAULT_ORIGIN)?;
        if made.save_if_first(&path).with_context(|| format!("cannot write {}", path.display()))? {
            remark!("made a key for the record's checkpoints: {}", made.verifier());
        }
    }
    Ok(())
}

/// How long a command waits for others that put something on record.
const PATIENCE: Duration = Duration::from_secs(60);

/// Puts on record what is done in one database: each deed before it takes effect, and what came of it. One that was begun
/// and has no end on record may have taken effect or not.
///
/// The record is open for the moment in which something is put on it: many commands may work at the same time, and one that
/// does nothing leaves nothing. Whoever has it open waits for nothing, so no two wait for each other.
pub struct Upkeeper {
    record: audit::Config,
    user: String,
    database: String,
    policy: String,
    /// Of the keys of each kind of person.
    key_types: BTreeMap<String, String>,
}

/// What is put on record.
pub struct Deed<'d> {
    /// `retention`, `erasure`, `export`, `choice` or `import`.
    pub action: &'static str,
    pub purpose: Option<&'d str>,
    pub counts: Vec<UpkeepCount>,
    /// Kind and key of the person whom it is about.
    pub subject: Option<(&'d str, &'d str)>,
}

/// A deed that is on record and has not ended.
pub struct Begun {
    deed: String,
}

impl Upkeeper {
    /// Returns once the deed is on disk. Must be called from a worker thread of the runtime, as what follows.
    pub fn begin(&self, deed: Deed<'_>) -> Result<Begun, Fault> {
        let begun = Begun { deed: hex::encode(rand::random::<[u8; 12]>()) };
        let event = |recorder: &Recorder| {
            let hash = |(kind, key)| {
                let base_type = self.key_types.get(kind).map_or("", String::as_str);
                recorder.subject_hash(kind, &spelling::of(key, base_type))
            };
            let subject = deed.subject.map(hash).transpose()?;
            Ok(Event::Upkeep(Upkeep {
                deed: begun.deed.clone(),
                action: deed.action,
                user: self.user.clone(),
                database: self.database.clone(),
                purpose: deed.purpose.map(str::to_owned),
                counts: deed.counts,
                subjects: subject.into_iter().collect(),
                policy: self.policy.clone(),
            }))
        };
        self.put(event)
            .map_err(|fault| Fault::new(fault).hint("nothing was changed; make room, or mend the folder"))?;
        Ok(begun)
    }

    /// What came of it; `counts` where more is known than before.
    pub fn end(&self, begun: Begun, how: Result<(), Option<&str>>, counts: Vec<UpkeepCount>) -> Result<(), Fault> {
        let (outcome, sqlstate) = match how {
            Ok(()) => (DeedOutcome::Ok, None),
            Err(sqlstate) => (DeedOutcome::Error, sqlstate.map(str::to_owned)),
        };
        let words = match outcome {
            DeedOutcome::Ok => "it is done; the record has that it was begun, not that it is done",
            DeedOutcome::Error => "the record has that it was begun, not that it failed",
        };
        let done = Event::UpkeepDone(UpkeepDone { deed: begun.deed, outcome, sqlstate, counts });
        self.put(|_| Ok(done)).map_err(|fault| Fault::new(fault).hint(words))
    }

    /// Takes each moment of a transaction; `open` is kept between them.
    pub fn hear<'d, T>(
        &self,
        open: &mut Option<Begun>,
        moment: Moment<'d, T>,
        deed: impl FnOnce(&'d T) -> Deed<'d>,
    ) -> Result<(), Fault> {
        match moment {
            Moment::Before(done) => {
                *open = Some(self.begin(deed(done))?);
                Ok(())
            }
            Moment::Committed(_) => open.take().map_or(Ok(()), |begun| self.end(begun, Ok(()), Vec::new())),
            Moment::Undone(_, fault) => {
                open.take().map_or(Ok(()), |begun| self.end(begun, Err(fault.sqlstate.as_deref()), Vec::new()))
            }
        }
    }

    /// Opens the record for this one event.
    fn put(&self, event: impl FnOnce(&Recorder) -> Result<Event, RecordUnavailable>) -> Result<(), String> {
        let put = async {
            let recorder =
                Recorder::open(self.record.clone()).map_err(|f| format!("the record cannot be written: {f}"))?;
            let put = async {
                let ticket = recorder.append(event(&recorder)?)?;
                recorder.durable(&ticket).await
            };
            let put = put.await.map_err(|fault| fault.to_string());
            recorder.shutdown().await;
            put
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(put))
    }
}

/// Counts of one kind, as the record takes them.
pub fn counted(counts: &[TableCount], what: &'static str) -> Vec<UpkeepCount> {
    counts.iter().map(|c| UpkeepCount { table: c.table.clone(), what, rows: c.rows }).collect()
}
