//! The servers of the bench over HTTP.

use std::{io, sync::Arc};

use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::service::TowerToHyperService;
use oauth_dcr::tower::RegistrationService;

use crate::{
    baseline_register::Floor, baseline_server, hyper_host, registrar::registrar, spawned::pin,
};

/// Which server.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Floor,
    Ours,
}

impl Side {
    pub(crate) fn from_argument(argument: &str) -> Option<Self> {
        let is_it = |side: &Self| side.argument() == argument;
        [Self::Floor, Self::Ours].into_iter().find(is_it)
    }

    pub(crate) const fn argument(self) -> &'static str {
        match self {
            Self::Floor => "serve-floor",
            Self::Ours => "serve-ours",
        }
    }

    /// Serves it until the process is ended.
    pub(crate) fn serve(self) -> io::Result<()> {
        pin();
        match self {
            Self::Floor => serve_floor(),
            Self::Ours => serve_ours(),
        }
    }
}

fn serve_floor() -> io::Result<()> {
    let floor = Arc::new(Floor::new(None));
    hyper_host::serve(|_| {
        let floor = Arc::clone(&floor);
        service_fn(move |request: Request<Incoming>| {
            let floor = Arc::clone(&floor);
            async move { baseline_server::answer(&floor, request).await }
        })
    })
}

fn serve_ours() -> io::Result<()> {
    let service = TowerToHyperService::new(RegistrationService::new(registrar(None)));
    hyper_host::serve(|_| service.clone())
}
