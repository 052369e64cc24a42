//! The networks, one architecture per file or folder.
