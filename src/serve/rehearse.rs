//! What of a server file would stop the service at its start, found without starting it: nothing is made or changed.

use std::path::Path;

use super::{audit_config, client_tls};
use crate::audit::note::NoteSigner;
use crate::config::secret::{Secret, SecretError};
use crate::config::server::Server;

/// Each reason for which `serve` would not start with this server file, besides its databases and their policies.
pub async fn faults(server: &Server) -> Vec<String> {
    let mut faults = Vec::new();
    let addresses = [("[listen]", Some(&server.listen.address)), ("[admin]", server.admin.as_ref())];
    for (section, address) in addresses.into_iter().filter_map(|(section, a)| Some((section, a?))) {
        if let Err(error) = tokio::net::lookup_host(address).await {
            faults.push(format!("{section} address {address}: {error}"));
        }
    }
    if server.admin.as_ref() == Some(&server.listen.address) {
        faults.push(format!("[admin] and [listen] have the same address, {}", server.listen.address));
    }
    if let Err(error) = client_tls(server) {
        faults.push(format!("[listen.tls] {error:#}"));
    }
    faults.extend(record(server));
    for (name, database) in &server.databases {
        if let Err(error) = pseudonym_key(&database.pseudonym_key) {
            faults.push(format!("database {name}: pseudonym_key: {error}"));
        }
    }
    faults
}

fn record(server: &Server) -> Vec<String> {
    let folder = &server.audit.folder;
    let ancestor = folder.ancestors().find(|a| a.exists() || a.as_os_str().is_empty());
    let no_folder = ancestor.filter(|a| !a.as_os_str().is_empty() && !a.is_dir());
    let no_folder =
        no_folder.map(|file| format!("[audit] folder {}: {} is no folder", folder.display(), file.display()));
    let key = match audit_config(server) {
        // The default one is made where it is missing.
        Ok(config) if config.key.is_none() && !config.key_file().exists() => None,
        Ok(config) => {
            let path = config.key_file();
            NoteSigner::load(&path).err().map(|error| format!("[audit] key {}: {error}", path.display()))
        }
        Err(error) => Some(format!("[audit] {error:#}")),
    };
    no_folder.into_iter().chain(key).collect()
}

/// A file that is not there is made at the start, in a folder that is.
fn pseudonym_key(key: &Secret) -> Result<(), SecretError> {
    match key {
        Secret::File(path) if !path.exists() => {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::metadata(folder).map(|_| ()).map_err(|error| SecretError::Io(folder.to_owned(), error))
        }
        _ => key.read_key().map(|_| ()),
    }
}
