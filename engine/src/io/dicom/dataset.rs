//! A data set: elements by tag, and their values as numbers and text.

use super::element::{Broken, Element, Encoding, ITEM, PIXEL_DATA, Tag, element, item};
use std::collections::BTreeMap;
use std::ops::Range;

/// The elements up to the pixels; values are looked up in the bytes that it was read from.
#[derive(Debug)]
pub(super) struct DataSet {
    elements: BTreeMap<Tag, Element>,
    /// The pixels' element, if the data set came that far.
    pub pixels: Option<Element>,
    pub encoding: Encoding,
}

impl DataSet {
    /// Reads the elements in a range of bytes, as far as the pixels.
    pub fn read(bytes: &[u8], range: Range<usize>, encoding: Encoding) -> Result<Self, Broken> {
        let bytes = bytes.get(..range.end).ok_or(Broken::Cut)?;
        let mut set = Self { elements: BTreeMap::new(), pixels: None, encoding };
        let mut at = range.start;
        while at < bytes.len() {
            // Zeros after the last element are padding.
            if bytes.len() - at < 8 && bytes[at..].iter().all(|&b| b == 0) {
                break;
            }
            let found = element(bytes, at, encoding, 0)?;
            if found.tag == PIXEL_DATA {
                set.pixels = Some(found);
                break;
            }
            at = found.end;
            set.elements.insert(found.tag, found);
        }
        Ok(set)
    }

    /// The data set together with its bytes.
    pub fn with<'a>(&'a self, bytes: &'a [u8]) -> View<'a> {
        View { set: self, bytes }
    }
}

/// A data set and the bytes that it was read from.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    set: &'a DataSet,
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    fn value(&self, tag: Tag) -> Option<&'a [u8]> {
        self.bytes.get(self.set.elements.get(&tag)?.value.clone())
    }

    /// Whether the element is there.
    pub fn has(&self, tag: Tag) -> bool {
        self.set.elements.contains_key(&tag)
    }

    /// An unsigned 16-bit number (US; SS by its bits).
    pub fn u16(&self, tag: Tag) -> Option<u16> {
        self.set.encoding.u16(self.value(tag)?, 0)
    }

    /// Text without padding; Latin-1 where it is not UTF-8.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let value = self.value(tag)?;
        let text = match std::str::from_utf8(value) {
            Ok(text) => text.to_owned(),
            Err(_) => value.iter().map(|&b| char::from(b)).collect(),
        };
        let text = text.trim_matches(['\0', ' ']).to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// `N` decimal numbers (DS), exactly and finite; `None` when there are fewer or they are no numbers.
    pub fn decimals<const N: usize>(&self, tag: Tag) -> Option<[f64; N]> {
        let text = self.text(tag)?;
        let mut parts = text.split('\\').map(|part| part.trim().parse::<f64>().ok().filter(|v| v.is_finite()));
        let mut values = [0.0; N];
        for value in &mut values {
            *value = parts.next()??;
        }
        Some(values)
    }

    /// The first decimal or whole number (DS, IS).
    pub fn decimal(&self, tag: Tag) -> Option<f64> {
        self.decimals::<1>(tag).map(|[value]| value)
    }

    /// The items of a sequence, each as a data set to be looked at [`with`](DataSet::with) the same bytes.
    pub fn items(&self, tag: Tag) -> Result<Vec<DataSet>, Broken> {
        let Some(sequence) = self.set.elements.get(&tag) else { return Ok(Vec::new()) };
        let bytes = self.bytes.get(..sequence.value.end).ok_or(Broken::Cut)?;
        let (mut at, mut items) = (sequence.value.start, Vec::new());
        while at < bytes.len() {
            if sequence.inside.tag(bytes, at) != Some(ITEM) {
                return Err(Broken::Nonsense);
            }
            let (content, next) = item(bytes, at, sequence.inside, 0)?;
            items.push(DataSet::read(bytes, content, sequence.inside)?);
            at = next;
        }
        Ok(items)
    }

    /// The first item of a sequence.
    pub fn item(&self, tag: Tag) -> Result<Option<DataSet>, Broken> {
        Ok(self.items(tag)?.into_iter().next())
    }

    /// The same bytes under another data set (an item of this one).
    pub fn of(&self, set: &'a DataSet) -> View<'a> {
        View { set, bytes: self.bytes }
    }
}
