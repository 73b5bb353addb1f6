//! The servers of the HTTP bench.

use std::{io, sync::Arc};

use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::service::TowerToHyperService;
use oauth_dcr::tower::RegistrationService;

use crate::{
    baseline::{register::Baseline, server::answer},
    hyper_host,
    registrar::registrar,
    spawned::pin,
};

/// A server.
#[derive(Clone, Copy)]
pub enum Side {
    Baseline,
    Ours,
}

impl Side {
    pub fn from_argument(argument: &str) -> Option<Self> {
        let is_it = |side: &Self| side.argument() == argument;
        [Self::Baseline, Self::Ours].into_iter().find(is_it)
    }

    pub const fn argument(self) -> &'static str {
        match self {
            Self::Baseline => "serve-baseline",
            Self::Ours => "serve-ours",
        }
    }

    /// Serves until the process is ended.
    pub fn serve(self) -> io::Result<()> {
        pin();
        match self {
            Self::Baseline => serve_baseline(),
            Self::Ours => serve_ours(),
        }
    }
}

fn serve_baseline() -> io::Result<()> {
    let baseline = Arc::new(Baseline::new(None));
    hyper_host::serve(|_| {
        let baseline = Arc::clone(&baseline);
        service_fn(move |request: Request<Incoming>| {
            let baseline = Arc::clone(&baseline);
            async move { answer(&baseline, request).await }
        })
    })
}

fn serve_ours() -> io::Result<()> {
    let service = TowerToHyperService::new(RegistrationService::new(registrar(None)));
    hyper_host::serve(|_| service.clone())
}
