//! The names of a crate as its sources have them: what each module defines, imports and shows to users.

pub(crate) mod gates;
pub(crate) mod modules;
pub(crate) mod names;
pub(crate) mod outside;
