//! The label table: number, name, colour and visibility of each label.

use zeroset_engine::io::{LabelDescription, spread_colour};

/// A label's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Number in the mask.
    pub number: u16,
    /// Name as shown.
    pub name: String,
    /// Colour, sRGB.
    pub colour: [u8; 3],
    /// Whether it is drawn.
    pub visible: bool,
}

/// All labels, by ascending number; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTable {
    labels: Vec<Label>,
}

/// Abdominal organs in the numbering of the BTCV challenge, which the built-in phantom shares.
const ORGANS: [(u16, &str, [u8; 3]); 8] = [
    (1, "Aorta", [0xe8, 0x5d, 0x5d]),
    (2, "Gallbladder", [0x7f, 0xc9, 0x5f]),
    (3, "Left kidney", [0xf2, 0xa6, 0x3b]),
    (4, "Right kidney", [0xf6, 0xd5, 0x4a]),
    (5, "Liver", [0xb8, 0x6b, 0x4b]),
    (6, "Pancreas", [0xd9, 0xb3, 0x8c]),
    (7, "Spleen", [0xa9, 0x7a, 0xd6]),
    (8, "Stomach", [0x5f, 0xb8, 0xc9]),
];

impl Default for LabelTable {
    fn default() -> Self {
        let labels = ORGANS
            .iter()
            .map(|&(number, name, colour)| Label { number, name: name.to_owned(), colour, visible: true })
            .collect();
        Self { labels }
    }
}

impl LabelTable {
    /// The entries, ascending by number.
    pub fn iter(&self) -> impl Iterator<Item = &Label> {
        self.labels.iter()
    }

    /// The entry of a number.
    pub fn get(&self, number: u16) -> Option<&Label> {
        self.labels.iter().find(|l| l.number == number)
    }

    /// Mutable access to the entry of a number.
    pub fn get_mut(&mut self, number: u16) -> Option<&mut Label> {
        self.labels.iter_mut().find(|l| l.number == number)
    }

    /// Name of a number: its entry's, or "Label 12", or "Background" for 0.
    pub fn name(&self, number: u16) -> String {
        match (number, self.get(number)) {
            (0, _) => "Background".to_owned(),
            (_, Some(label)) => label.name.clone(),
            _ => format!("Label {number}"),
        }
    }

    /// Makes sure that `number` has an entry (0 never has).
    pub fn ensure(&mut self, number: u16) {
        if number == 0 || self.get(number).is_some() {
            return;
        }
        let at = self.labels.partition_point(|l| l.number < number);
        let entry = Label { number, name: format!("Label {number}"), colour: spread_colour(number), visible: true };
        self.labels.insert(at, entry);
    }

    /// The entries as other programs' files tell them.
    pub fn descriptions(&self) -> Vec<LabelDescription> {
        let describe = |label: &Label| LabelDescription {
            name: label.name.clone(),
            colour: label.colour,
            visible: label.visible,
            ..LabelDescription::unnamed(label.number)
        };
        self.labels.iter().map(describe).collect()
    }

    /// Takes names and colours over; entries that are not described stay.
    pub fn describe(&mut self, descriptions: &[LabelDescription]) {
        for description in descriptions {
            self.ensure(description.number);
            if let Some(label) = self.get_mut(description.number) {
                label.name.clone_from(&description.name);
                label.colour = description.colour;
                label.visible = description.visible;
            }
        }
    }

    /// The least number without an entry.
    pub fn free_number(&self) -> u16 {
        (1..u16::MAX).find(|&n| self.get(n).is_none()).unwrap_or(u16::MAX)
    }

    /// The entry after (`forward`) or before `number`, round the ends.
    pub fn neighbour(&self, number: u16, forward: bool) -> u16 {
        let numbers: Vec<u16> = self.labels.iter().map(|l| l.number).collect();
        let n = numbers.len();
        let at = numbers.iter().position(|&l| l == number).unwrap_or(0);
        numbers[if forward { (at + 1) % n } else { (at + n - 1) % n }]
    }
}
