/// Where a redirect URI leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Destination<'a> {
    /// To the web site at this host.
    Site(&'a str),
    /// To a program that listens on the user's own device, at this loopback host.
    Device(&'a str),
    /// To whichever app has claimed this private-use scheme on the user's device.
    App(&'a str),
}
