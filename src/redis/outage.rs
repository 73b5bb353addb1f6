use redis::{ErrorKind, RedisError};

/// Why Redis doesn't serve requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outage {
    /// The server doesn't serve requests now, or can't be reached.
    Unavailable,
    /// The server doesn't answer. Its machine may be gone or suspended, while its connections stay open.
    Silent,
    /// The server is a replica. After a failover, another server may have its address, while connections to this server
    /// stay open.
    Replica,
    /// The server may soon become a replica, or another server may be the primary.
    Doubtful,
}

/// The beginning of the error with which Redis refuses another connection.
const FULL: &str = "max number of clients reached";

impl Outage {
    /// The outage that caused `error`. `None`: the error is an answer of Redis.
    pub(super) fn from_error(error: &RedisError) -> Option<Self> {
        match error.kind() {
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => Some(Self::Unavailable),
            // The server has as many connections as it may have. This error has no code.
            _ if error.detail().is_some_and(|text| text.starts_with(FULL)) => {
                Some(Self::Unavailable)
            }
            ErrorKind::Server(_) | ErrorKind::Extension => Self::of_code(code(error)?),
            _ => None,
        }
    }

    /// The outage for an error code. A missing right and a wrong password are answers: every server refuses these until an
    /// operator acts. The same holds for a server of a cluster that is used without the cluster's routing (`MOVED`,
    /// `ASK`).
    #[expect(clippy::match_same_arms, reason = "each code has its own comment")]
    fn of_code(code: &str) -> Option<Self> {
        match code {
            // The server is a replica.
            "READONLY" => Some(Self::Replica),
            // The server is a replica that has lost its primary.
            "MASTERDOWN" => Some(Self::Replica),
            // The server has just started, perhaps after a failure in which another server became the primary.
            "LOADING" => Some(Self::Doubtful),
            // The server has lost its replicas. One of them may be the primary by now.
            "NOREPLICAS" => Some(Self::Doubtful),
            // No server has the slot.
            "CLUSTERDOWN" => Some(Self::Unavailable),
            // The slot is moving to another server.
            "TRYAGAIN" => Some(Self::Unavailable),
            // A slow script blocks all clients.
            "BUSY" => Some(Self::Unavailable),
            // The disk of the server is full.
            "MISCONF" => Some(Self::Unavailable),
            // The memory of the server is full.
            "OOM" => Some(Self::Unavailable),
            _ => None,
        }
    }
}

/// The code of the error, or of the command that failed within the script. Before version 7, Redis puts the code of the
/// command into the text, as in `ERR Error running script (...): @user_script: 52: -READONLY You can't`.
fn code(error: &RedisError) -> Option<&str> {
    let inner = error.detail().and_then(|text| text.split_once(": -"));
    let inner = inner.and_then(|(_, rest)| rest.split(' ').next());
    inner.or_else(|| error.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_error(line: &str) -> Option<Outage> {
        let reply = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        Outage::from_error(&reply.extract_error().unwrap_err())
    }

    #[test]
    fn a_replica_is_an_outage() {
        for line in [
            "READONLY You can't write against a read only replica.",
            "READONLY You can't write against a read only replica. script: 3f, on @user_script:57.",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        ] {
            assert_eq!(from_error(line), Some(Outage::Replica), "{line}");
        }
    }

    #[test]
    fn a_doubtful_primary_is_an_outage() {
        for line in [
            "LOADING Redis is loading the dataset in memory",
            "LOADING",
            "NOREPLICAS Not enough good replicas to write.",
        ] {
            assert_eq!(from_error(line), Some(Outage::Doubtful), "{line}");
        }
    }

    #[test]
    fn a_server_that_serves_nobody_is_an_outage() {
        for line in [
            "CLUSTERDOWN Hash slot not served",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
            "MISCONF Errors writing to the AOF file: No space left on device",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "ERR max number of clients reached",
        ] {
            assert_eq!(from_error(line), Some(Outage::Unavailable), "{line}");
        }
    }

    #[test]
    fn errors_within_the_script_are_recognized() {
        for line in [
            "ERR Error running script (call to f_3f): @user_script:57: @user_script: 57: -READONLY You \
             can't write against a read only replica. ",
            "@user_script: 55: -MASTERDOWN Link with MASTER is down.",
        ] {
            assert_eq!(from_error(line), Some(Outage::Replica), "{line}");
        }
    }

    #[test]
    fn a_missing_right_is_an_answer() {
        for line in [
            "NOPERM this user has no permissions to run the 'evalsha' command",
            "NOAUTH Authentication required.",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "MOVED 3999 127.0.0.1:6381",
            "ERR unknown command 'EVALSHA'",
        ] {
            assert_eq!(from_error(line), None, "{line}");
        }
    }
}
