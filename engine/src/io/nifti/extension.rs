//! Header extensions: blocks of a multiple of 16 bytes between header and voxels, each with a code.
//!
//! Zeroset reads and writes code 6, free text. Readers that do not know extensions skip them.

/// NIfTI's code for free text.
const COMMENT: i32 = 6;
/// Most extensions that are read: real files have a handful, hostile ones as many as fit.
const MAX_EXTENSIONS: usize = 256;

/// What stands between the header and the voxels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    /// Texts of the comments (code 6), in their order.
    pub comments: Vec<String>,
    /// Code and size in bytes of every extension.
    pub listed: Vec<(i32, usize)>,
    pub warnings: Vec<String>,
}

impl Extensions {
    /// Reads `bytes`, which starts with the four bytes that announce extensions.
    pub fn parse(bytes: &[u8], big_endian: bool) -> Self {
        let mut found = Self::default();
        let Some((announced, mut rest)) = bytes.split_first_chunk::<4>() else { return found };
        if announced[0] == 0 {
            return found;
        }
        let number = |raw: [u8; 4]| if big_endian { i32::from_be_bytes(raw) } else { i32::from_le_bytes(raw) };
        while let Some((head, _)) = rest.split_first_chunk::<8>() {
            let [s0, s1, s2, s3, c0, c1, c2, c3] = *head;
            let (size, code) = (number([s0, s1, s2, s3]), number([c0, c1, c2, c3]));
            if size == 0 && code == 0 {
                break;
            }
            if found.listed.len() == MAX_EXTENSIONS {
                found.warnings.push(format!("only the first {MAX_EXTENSIONS} header extensions were read"));
                break;
            }
            let Some(block) = usize::try_from(size).ok().filter(|&n| n >= 8).and_then(|n| rest.get(..n)) else {
                found.warnings.push(format!(
                    "a header extension (code {code}) declares {size} bytes, {} are there; it was skipped",
                    rest.len()
                ));
                break;
            };
            if code == COMMENT {
                let text = String::from_utf8_lossy(&block[8..]);
                found.comments.push(text.trim_end_matches('\0').to_string());
            }
            found.listed.push((code, block.len()));
            rest = &rest[block.len()..];
        }
        found
    }
}

/// The bytes that follow the header: the announcement and one comment per text.
pub(crate) fn encode(comments: &[String]) -> Vec<u8> {
    if comments.is_empty() {
        return vec![0; 4];
    }
    let mut bytes = vec![1, 0, 0, 0];
    for comment in comments {
        let size = (8 + comment.len()).next_multiple_of(16);
        let end = bytes.len() + size;
        bytes.extend_from_slice(&(size as i32).to_le_bytes());
        bytes.extend_from_slice(&COMMENT.to_le_bytes());
        bytes.extend_from_slice(comment.as_bytes());
        bytes.resize(end, 0);
    }
    bytes
}
