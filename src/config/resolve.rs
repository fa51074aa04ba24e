//! From the server file as written to a [`Server`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::raw::{RawAudit, RawDatabase, RawListen, RawSecret, RawServer, RawTls, RawUser};
use super::secret::Secret;
use super::server::{Audit, Database, Durability, Listen, Server, Tls, User};
use super::upstream::{SslMode, Upstream};
use crate::audit::sinks::{self, SinkConfig};
use crate::engine::policy::diagnostics::Problems;
use crate::engine::policy::raw::{Read, Spanned};

const MAX_TRANSACTION: Duration = Duration::from_secs(15 * 60);
const PSEUDONYM_KEY: &str = "pseudonym.key";
const AUDIT_FOLDER: &str = "audit";

pub(super) struct Resolver<'a, 'f> {
    pub raw: &'a Read<RawServer>,
    pub folder: &'a Path,
    pub problems: Problems<'f>,
}

impl Resolver<'_, '_> {
    /// The server, if all of it could be made out. Faults are in `problems`.
    pub(super) fn server(&mut self) -> Option<Server> {
        let raw = &self.raw.value;
        // What is missing as a whole has no place of its own.
        let top = raw.listen.as_ref().map_or(0..0, Spanned::span);
        let listen = self.section(&raw.listen, "listen", "add [listen] with address = \"127.0.0.1:6432\"");
        let listen = listen.and_then(|l| self.listen(l));
        let audit = self.audit(raw.audit.as_ref().map(Spanned::get_ref));
        if raw.database.is_empty() && !self.raw.has_faults_in("database") {
            self.problems.error(
                top.clone(),
                "no database is served",
                "add a [database.NAME] with `upstream` and `policy`",
            );
        }
        let databases =
            raw.database.iter().map(|(name, d)| self.database(name, d.get_ref(), &audit)).collect::<Vec<_>>();
        let users = raw.user.iter().map(|(name, u)| self.user(name, u.get_ref())).collect::<Vec<_>>();
        if raw.user.is_empty() && !self.raw.has_faults_in("user") {
            self.problems.warning(
                top,
                "there is no user, so nobody can connect",
                "add a [user.NAME] with `role` and `verifier`",
            );
        }
        let admin = match &raw.admin {
            Some(admin) => {
                let fix = "write address = \"127.0.0.1:9632\"";
                let address = self.required(&admin.get_ref().address, &["admin", "address"], admin.span(), fix);
                address.and_then(|a| self.address(a))
            }
            None => None,
        };
        let sinks = raw.audit.iter().flat_map(|a| named_sinks(a.get_ref()));
        let sink_places = sinks.map(|sink| self.problems.sources().place(sink.span())).collect();
        Some(Server {
            listen: listen?,
            databases: databases.into_iter().collect::<Option<BTreeMap<_, _>>>()?,
            users: users.into_iter().collect::<Option<BTreeMap<_, _>>>()?,
            audit,
            sink_places,
            admin,
        })
    }

    fn section<'v, T>(&mut self, value: &'v Option<Spanned<T>>, name: &str, fix: &str) -> Option<&'v T> {
        if value.is_none() && !self.raw.was_faulty(&[name]) {
            self.problems.error(0..0, format!("[{name}] is missing"), fix);
        }
        value.as_ref().map(Spanned::get_ref)
    }

    fn required<'v, T>(
        &mut self,
        value: &'v Option<Spanned<T>>,
        path: &[&str],
        at: Range<usize>,
        fix: &str,
    ) -> Option<&'v Spanned<T>> {
        if value.is_none() && !self.raw.was_faulty(path) {
            let (key, section) = path.split_last().unwrap_or((&"", &[]));
            self.problems.error(at, format!("`{key}` is missing in [{}]", section.join(".")), fix);
        }
        value.as_ref()
    }

    fn listen(&mut self, raw: &RawListen) -> Option<Listen> {
        let at = self.raw.value.listen.as_ref().map_or(0..0, Spanned::span);
        let fix = "write address = \"127.0.0.1:6432\"";
        let address = self.required(&raw.address, &["listen", "address"], at, fix);
        let address = address.and_then(|a| self.address(a));
        let tls = raw.tls.as_ref().map(|t| self.tls(t));
        // Faulty TLS is an error, so the server never comes to be without it.
        Some(Listen { address: address?, tls: tls.flatten() })
    }

    fn tls(&mut self, raw: &Spanned<RawTls>) -> Option<Tls> {
        let t = raw.get_ref();
        let fix = "write tls = { cert = \"server.crt\", key = \"server.key\" }";
        let cert = self.required(&t.cert, &["listen", "tls", "cert"], raw.span(), fix);
        let key = self.required(&t.key, &["listen", "tls", "key"], raw.span(), fix);
        if let (Some(ca), Some(false)) = (&t.client_ca, t.required.as_ref().map(|r| *r.get_ref())) {
            let message = "`client_ca` without TLS required: a client without a certificate would come in without TLS";
            self.problems.error(ca.span(), message, "write required = true, or leave out client_ca");
        }
        Some(Tls {
            cert: self.existing(cert?),
            key: self.existing(key?),
            client_ca: t.client_ca.as_ref().map(|p| self.existing(p)),
            required: t.required.as_ref().is_none_or(|r| *r.get_ref()),
        })
    }

    /// `host:port`; whether the host can be listened on shows when it is tried.
    fn address(&mut self, text: &Spanned<String>) -> Option<String> {
        let good = text.get_ref().rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok() && (!host.contains(':') || host.starts_with('['))
        });
        if !good {
            let message = format!("`{}` is not an address with a port", text.get_ref());
            self.problems.error(text.span(), message, "write host:port, for example 127.0.0.1:6432 or [::1]:6432");
        }
        good.then(|| text.get_ref().clone())
    }

    /// A path relative to the file; what it leads to must be there.
    fn existing(&mut self, text: &Spanned<String>) -> PathBuf {
        let path = self.folder.join(text.get_ref());
        if !path.exists() {
            let message = format!("{} does not exist", path.display());
            self.problems.error(text.span(), message, "correct the path: it is relative to the server file");
        }
        path
    }

    fn database(&mut self, name: &Spanned<String>, raw: &RawDatabase, audit: &Audit) -> Option<(String, Database)> {
        let path = |key| ["database", name.get_ref().as_str(), key];
        let fix = "write upstream = \"postgres://user@host:5432/database\"";
        let upstream = self.required(&raw.upstream, &path("upstream"), name.span(), fix);
        let upstream = upstream.and_then(|u| self.upstream(u));
        let fix = "name the policy's file or folder, for example policy = \"policies/crm\"";
        let policy = self.required(&raw.policy, &path("policy"), name.span(), fix).map(|p| self.existing(p));
        let max_transaction = raw.max_transaction.as_ref().map_or(Some(MAX_TRANSACTION), |t| self.duration(t));
        let beside = Secret::File(audit.folder.with_file_name(PSEUDONYM_KEY));
        let database = Database {
            upstream: upstream?,
            password: raw.password.as_ref().map(|s| self.secret(s.get_ref())),
            policy: policy?,
            trust_upstream_role: raw.trust_upstream_role.as_ref().is_some_and(|t| *t.get_ref()),
            pseudonym_key: raw.pseudonym_key.as_ref().map_or(beside, |s| self.secret(s.get_ref())),
            max_transaction: max_transaction?,
        };
        Some((name.get_ref().clone(), database))
    }

    fn upstream(&mut self, text: &Spanned<String>) -> Option<Upstream> {
        let upstream = match Upstream::parse(text.get_ref(), self.folder) {
            Ok(upstream) => upstream,
            Err(fault) => {
                self.problems.error(text.span(), fault.message, fault.fix);
                return None;
            }
        };
        if let Some(root) = upstream.ssl_root_cert.as_ref().filter(|root| !root.exists()) {
            let message = format!("{} does not exist", root.display());
            self.problems.error(text.span(), message, "correct `sslrootcert`: it is relative to the server file");
        }
        let verified = matches!(upstream.ssl, SslMode::VerifyCa | SslMode::VerifyFull)
            || upstream.ssl == SslMode::Require && upstream.ssl_root_cert.is_some();
        if !verified && !upstream.address.is_local() {
            let message = "the way to PostgreSQL leaves this machine, and who answers is not verified";
            self.problems.warning(
                text.span(),
                message,
                "add sslmode=verify-full, with sslrootcert=… for a private authority",
            );
        }
        Some(upstream)
    }

    fn secret(&self, raw: &RawSecret) -> Secret {
        match raw {
            RawSecret::Env(secret) => Secret::Env(secret.env.clone()),
            RawSecret::File(secret) => Secret::File(self.folder.join(&secret.file)),
        }
    }

    fn duration(&mut self, text: &Spanned<String>) -> Option<Duration> {
        let parsed: Result<jiff::SignedDuration, _> = text.get_ref().parse();
        let duration = parsed.ok().and_then(|d| Duration::try_from(d).ok()).filter(|d| !d.is_zero());
        if duration.is_none() {
            let message = format!("`{}` is not a positive length of time", text.get_ref());
            self.problems.error(text.span(), message, "write for example \"15 minutes\" or \"90s\"");
        }
        duration
    }

    fn user(&mut self, name: &Spanned<String>, raw: &RawUser) -> Option<(String, User)> {
        let path = |key| ["user", name.get_ref().as_str(), key];
        let fix = "name a role of the policy, for example role = \"bi\"";
        let role = self.required(&raw.role, &path("role"), name.span(), fix);
        let fix = "print one with `consentry passwd`";
        let verifier = self.required(&raw.verifier, &path("verifier"), name.span(), fix);
        if let Some(verifier) = verifier.filter(|v| !is_verifier(v.get_ref())) {
            self.problems.error(verifier.span(), "this is not a SCRAM-SHA-256 verifier", fix);
        }
        for database in raw.databases.iter().flat_map(|d| d.get_ref()) {
            self.known_database(database);
        }
        let role = role?;
        let user = User {
            role: role.get_ref().clone(),
            verifier: verifier?.get_ref().clone(),
            databases: raw.databases.as_ref().map(|d| d.get_ref().iter().map(|n| n.get_ref().clone()).collect()),
            place: self.problems.sources().place(role.span()),
        };
        Some((name.get_ref().clone(), user))
    }

    fn known_database(&mut self, name: &Spanned<String>) {
        let databases = &self.raw.value.database;
        let text = name.get_ref().as_str();
        if !databases.contains_key(text) && !self.raw.was_faulty(&["database", text]) {
            let known: Vec<&str> = super::raw::names(databases).collect();
            let fix = format!("use one of: {}", known.join(", "));
            self.problems.error(name.span(), format!("there is no database `{text}`"), fix);
        }
    }

    fn audit(&mut self, raw: Option<&RawAudit>) -> Audit {
        let durability = raw.and_then(|a| a.durability.as_ref()).map(|d| self.durability(d));
        let folder = raw.and_then(|a| a.folder.as_ref()).map_or(AUDIT_FOLDER, |f| f.get_ref());
        let joined = |path: Option<&Spanned<String>>| path.map(|p| self.folder.join(p.get_ref()));
        let (key, subject_keys) =
            (joined(raw.and_then(|a| a.key.as_ref())), joined(raw.and_then(|a| a.subject_keys.as_ref())));
        Audit {
            folder: self.folder.join(folder),
            durability: durability.unwrap_or_default(),
            rotate_bytes: raw.and_then(|a| a.rotate.as_ref()).and_then(|s| self.size(s)),
            key,
            subject_keys,
            sinks: raw.into_iter().flat_map(named_sinks).filter_map(|s| self.sink(s)).collect(),
        }
    }

    fn sink(&mut self, text: &Spanned<String>) -> Option<SinkConfig> {
        let sink = text.get_ref().parse();
        sink.map_err(|fault: sinks::NotASink| self.problems.error(text.span(), fault.to_string(), sinks::FORMS)).ok()
    }

    fn durability(&mut self, text: &Spanned<String>) -> Durability {
        match text.get_ref().as_str() {
            "strict" => Durability::Strict,
            "relaxed" => Durability::Relaxed,
            other => {
                let message = format!("`{other}` is not a durability");
                self.problems.error(
                    text.span(),
                    message,
                    "use \"strict\" (recorded before a row leaves) or \"relaxed\"",
                );
                Durability::Strict
            }
        }
    }

    fn size(&mut self, text: &Spanned<String>) -> Option<u64> {
        let size = bytes(text.get_ref());
        if size.is_none() {
            let message = format!("`{}` is not a size of at least 1 MiB", text.get_ref());
            self.problems.error(text.span(), message, "write for example \"256 MiB\"");
        }
        size
    }
}

fn named_sinks(audit: &RawAudit) -> impl Iterator<Item = &Spanned<String>> {
    audit.sinks.iter().flat_map(|sinks| sinks.get_ref())
}

/// `256 MiB` in bytes.
fn bytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 4] = [("MiB", 1 << 20), ("GiB", 1 << 30), ("MB", 1_000_000), ("GB", 1_000_000_000)];
    let text = text.trim();
    let (unit, factor) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let count: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
    count.checked_mul(*factor).filter(|bytes| *bytes >= 1 << 20)
}

/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (PostgreSQL manual, `pg_authid`).
fn is_verifier(text: &str) -> bool {
    let Some((head, keys)) = text.strip_prefix("SCRAM-SHA-256$").and_then(|rest| rest.split_once('$')) else {
        return false;
    };
    let (Some((iterations, salt)), Some((stored, server))) = (head.split_once(':'), keys.split_once(':')) else {
        return false;
    };
    let is_key = |text: &str| BASE64.decode(text).is_ok_and(|key| key.len() == 32);
    iterations.parse::<u32>().is_ok_and(|n| n > 0)
        && BASE64.decode(salt).is_ok_and(|salt| !salt.is_empty())
        && is_key(stored)
        && is_key(server)
}
