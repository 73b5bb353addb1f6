/// Where a redirect URI leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Destination<'a> {
    /// The web site at this host.
    Site(&'a str),
    /// A program that listens on the user's own device, at this loopback host.
    Device(&'a str),
    /// The app that has claimed this private-use scheme on the user's device, which can be any app.
    App(&'a str),
}
