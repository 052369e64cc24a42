//! Transfer syntaxes: how elements and pixels are written (PS3.6, A).

use super::element::Encoding;

pub(super) const IMPLICIT: &str = "1.2.840.10008.1.2";
pub(super) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(super) const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub(super) const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

/// What decodes the pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Native,
    Rle,
    /// Any of the JPEG processes of 1992: the stream says which.
    Jpeg,
    JpegLs,
    Jpeg2000,
}

/// How elements are written; compressed pixels always come with explicit little endian.
pub(super) fn encoding(syntax: &str) -> Encoding {
    Encoding { explicit: syntax != IMPLICIT, big_endian: syntax == BIG_ENDIAN }
}

/// What decodes the pixels, if it is here.
pub(super) fn codec(syntax: &str) -> Option<Codec> {
    Some(match syntax {
        IMPLICIT | EXPLICIT | DEFLATED | BIG_ENDIAN => Codec::Native,
        "1.2.840.10008.1.2.5" => Codec::Rle,
        "1.2.840.10008.1.2.4.50" | "1.2.840.10008.1.2.4.51" | "1.2.840.10008.1.2.4.57" | "1.2.840.10008.1.2.4.70" => {
            Codec::Jpeg
        }
        "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81" => Codec::JpegLs,
        "1.2.840.10008.1.2.4.90" | "1.2.840.10008.1.2.4.91" => Codec::Jpeg2000,
        _ => return None,
    })
}

/// Name for people.
pub(super) fn name(syntax: &str) -> &str {
    match syntax {
        IMPLICIT => "implicit little endian",
        EXPLICIT => "explicit little endian",
        DEFLATED => "deflated explicit little endian",
        BIG_ENDIAN => "explicit big endian",
        "1.2.840.10008.1.2.5" => "RLE lossless",
        "1.2.840.10008.1.2.4.50" => "JPEG baseline (process 1)",
        "1.2.840.10008.1.2.4.51" => "JPEG extended (processes 2 and 4)",
        "1.2.840.10008.1.2.4.53" => "JPEG spectral selection (processes 6 and 8)",
        "1.2.840.10008.1.2.4.55" => "JPEG full progression (processes 10 and 12)",
        "1.2.840.10008.1.2.4.57" => "JPEG lossless (process 14)",
        "1.2.840.10008.1.2.4.70" => "JPEG lossless (process 14, selection value 1)",
        "1.2.840.10008.1.2.4.80" => "JPEG-LS lossless",
        "1.2.840.10008.1.2.4.81" => "JPEG-LS near-lossless",
        "1.2.840.10008.1.2.4.90" => "JPEG 2000 lossless",
        "1.2.840.10008.1.2.4.91" => "JPEG 2000",
        "1.2.840.10008.1.2.4.92" | "1.2.840.10008.1.2.4.93" => "JPEG 2000 multi-component",
        "1.2.840.10008.1.2.4.201" | "1.2.840.10008.1.2.4.202" | "1.2.840.10008.1.2.4.203" => "HTJ2K",
        "1.2.840.10008.1.2.4.110" | "1.2.840.10008.1.2.4.111" | "1.2.840.10008.1.2.4.112" => "JPEG XL",
        _ => "a transfer syntax unknown here",
    }
}
