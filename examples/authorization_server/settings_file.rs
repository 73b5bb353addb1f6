//! A settings file, as this server can use it.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use oauth_dcr::{MetadataDocument, ServerMetadataError, SettingsDocument, SettingsError};

use crate::{discovery, tenant::Tenant};

/// A settings file can't be used: which one, and why.
#[derive(Debug)]
pub(crate) struct SettingsFileError {
    file: PathBuf,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    Unreadable(io::Error),
    Utf16,
    NotUtf8 {
        line: usize,
    },
    Settings(SettingsError),
    IssuerWithPath {
        tenant: usize,
    },
    Discovery {
        tenant: usize,
        error: ServerMetadataError,
    },
}

/// Reads and checks the file.
pub(crate) fn read(file: &Path) -> Result<SettingsDocument, SettingsFileError> {
    let read = fs::read(file).map_err(Fault::Unreadable);
    let document = read.and_then(decode).and_then(|text| {
        let document = SettingsDocument::from_json(&text).map_err(Fault::Settings)?;
        check(&document)?;
        Ok(document)
    });
    document.map_err(|fault| SettingsFileError {
        file: file.to_owned(),
        fault,
    })
}

fn decode(bytes: Vec<u8>) -> Result<String, Fault> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Fault::Utf16);
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        Fault::NotUtf8 { line }
    })
}

/// Every tenant has metadata to serve, at the place where clients look for it.
fn check(document: &SettingsDocument) -> Result<(), Fault> {
    for (position, settings) in document.tenants().iter().enumerate() {
        let Some(tenant) = Tenant::at("127.0.0.1", Arc::new(settings.clone())) else {
            continue;
        };
        // The endpoints stand at the root of the host, so a path would lead clients to documents that
        // are not there (RFC 8414 section 3.1).
        if !tenant.issuer.path().is_empty() {
            return Err(Fault::IssuerWithPath { tenant: position });
        }
        let metadata = discovery::metadata(&tenant, MetadataDocument::OAuth);
        metadata.map_err(|error| Fault::Discovery {
            tenant: position,
            error,
        })?;
    }
    Ok(())
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Utf16 => f.write_str("is UTF-16: save it as UTF-8"),
            Self::NotUtf8 { line } => write!(f, "line {line} is not UTF-8: save it as UTF-8"),
            Self::Settings(error) => error.fmt(f),
            Self::IssuerWithPath { tenant } => write!(
                f,
                "tenants[{tenant}].issuer: has a path, and this server has no place for one: remove it"
            ),
            Self::Discovery { tenant, error } => write!(f, "tenants[{tenant}].issuer: {error}"),
        }
    }
}

impl fmt::Display for SettingsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.fault)
    }
}

impl Error for SettingsFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.fault {
            Fault::Unreadable(error) => error.source(),
            Fault::Settings(error) => error.source(),
            Fault::Discovery { error, .. } => error.source(),
            Fault::Utf16 | Fault::NotUtf8 { .. } | Fault::IssuerWithPath { .. } => None,
        }
    }
}
