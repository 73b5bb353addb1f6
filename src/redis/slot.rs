/// The number of slots of a cluster.
const SLOTS: u16 = 16_384;

/// The slot of a cluster that contains `key`, by the specification of Redis Cluster: CRC-16/XMODEM of the text between the
/// first braces, or of the whole key if there is no such text.
pub(super) fn slot_of(key: &str) -> u16 {
    crc16(tag(key).unwrap_or(key).as_bytes()) % SLOTS
}

fn tag(key: &str) -> Option<&str> {
    let (_, rest) = key.split_once('{')?;
    let (tag, _) = rest.split_once('}')?;
    (!tag.is_empty()).then_some(tag)
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_redis() {
        assert_eq!(crc16(b"123456789"), 0x31C3, "the specification's example");
        // The answer of `CLUSTER KEYSLOT`.
        assert_eq!(slot_of("foo"), 12_182);
        assert_eq!(slot_of("a{foo}b{bar}"), 12_182);
        assert_eq!(slot_of("{}foo"), slot_of_whole("{}foo"));
        assert_eq!(slot_of("{foo"), slot_of_whole("{foo"));
        assert_eq!(slot_of("{{foo}}"), slot_of_whole("{foo"));
    }

    fn slot_of_whole(text: &str) -> u16 {
        crc16(text.as_bytes()) % SLOTS
    }
}
