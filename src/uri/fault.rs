/// Why a text is not a URI that every parser reads in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UriFault {
    Character,
    PercentEncoding,
    NotAbsolute,
    Userinfo,
    Host,
    Port,
    Ambiguous,
}
