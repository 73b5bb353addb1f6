use redis::{ErrorKind, RedisError};

/// Why Redis doesn't serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outage {
    /// This server doesn't serve at present, or isn't reached.
    Unavailable,
    /// This server doesn't answer. Its machine may be gone or stand still, and its connections stay open.
    Silent,
    /// This server is a replica. A failover may have put another one behind its address, while connections
    /// to this one stay open.
    Replica,
    /// This server may soon be a replica, or another one the primary.
    Doubtful,
}

/// How Redis begins its refusal of a further connection.
const FULL: &str = "max number of clients reached";

impl Outage {
    /// The outage that `error` tells of. `None`: Redis has answered, and the answer is an error.
    pub(super) fn told_by(error: &RedisError) -> Option<Self> {
        match error.kind() {
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => Some(Self::Unavailable),
            // It has as many connections as it may have, for which it has no code.
            _ if error.detail().is_some_and(|text| text.starts_with(FULL)) => {
                Some(Self::Unavailable)
            }
            ErrorKind::Server(_) | ErrorKind::Extension => Self::of_code(code(error)?),
            _ => None,
        }
    }

    /// Every server refuses a missing right or a wrong password in the same way until an operator acts.
    /// So does a server of a cluster that is used without the cluster's routing (`MOVED`, `ASK`). These
    /// are answers.
    #[expect(clippy::match_same_arms, reason = "each code has its own comment")]
    fn of_code(code: &str) -> Option<Self> {
        match code {
            // It is a replica.
            "READONLY" => Some(Self::Replica),
            // It is a replica that has lost its primary.
            "MASTERDOWN" => Some(Self::Replica),
            // It has just started, perhaps because it failed and another server took its place.
            "LOADING" => Some(Self::Doubtful),
            // It has lost its replicas, one of which may be the primary by now.
            "NOREPLICAS" => Some(Self::Doubtful),
            // No server has the slot.
            "CLUSTERDOWN" => Some(Self::Unavailable),
            // The slot moves to another server.
            "TRYAGAIN" => Some(Self::Unavailable),
            // A slow script keeps all clients waiting.
            "BUSY" => Some(Self::Unavailable),
            // Its disk is full.
            "MISCONF" => Some(Self::Unavailable),
            // Its memory is full.
            "OOM" => Some(Self::Unavailable),
            _ => None,
        }
    }
}

/// The code of the error, or that of the command that failed within the script: before version 7, Redis
/// puts it into the text, as in `ERR Error running script (...): @user_script: 52: -READONLY You can't`.
fn code(error: &RedisError) -> Option<&str> {
    let inner = error.detail().and_then(|text| text.split_once(": -"));
    let inner = inner.and_then(|(_, rest)| rest.split(' ').next());
    inner.or_else(|| error.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_by(line: &str) -> Option<Outage> {
        let reply = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        Outage::told_by(&reply.extract_error().unwrap_err())
    }

    #[test]
    fn a_replica_is_an_outage() {
        for line in [
            "READONLY You can't write against a read only replica.",
            "READONLY You can't write against a read only replica. script: 3f, on @user_script:57.",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        ] {
            assert_eq!(told_by(line), Some(Outage::Replica), "{line}");
        }
    }

    #[test]
    fn a_doubtful_primary_is_an_outage() {
        for line in [
            "LOADING Redis is loading the dataset in memory",
            "LOADING",
            "NOREPLICAS Not enough good replicas to write.",
        ] {
            assert_eq!(told_by(line), Some(Outage::Doubtful), "{line}");
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
            assert_eq!(told_by(line), Some(Outage::Unavailable), "{line}");
        }
    }

    #[test]
    fn an_error_within_the_script_has_its_own_code() {
        for line in [
            "ERR Error running script (call to f_3f): @user_script:57: @user_script: 57: -READONLY You \
             can't write against a read only replica. ",
            "@user_script: 55: -MASTERDOWN Link with MASTER is down.",
        ] {
            assert_eq!(told_by(line), Some(Outage::Replica), "{line}");
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
            assert_eq!(told_by(line), None, "{line}");
        }
    }
}
