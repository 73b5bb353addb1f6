/// Why a text is not a URI that means the same to every parser.
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
