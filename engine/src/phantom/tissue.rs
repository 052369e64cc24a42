//! The tissues of the phantom: CT number in the portal venous phase, spread, and the label each belongs to.
//!
//! Numbers follow what contrast-enhanced abdominal CT at 120 kV shows about 70 s after injection:
//! parenchyma brighter than muscle, kidneys brightest (nephrographic phase), vena cava near the aorta.

/// One tissue. The order is that of [`TISSUES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tissue {
    Air,
    Couch,
    Skin,
    Fat,
    VisceralFat,
    Fascia,
    Muscle,
    Cortical,
    Marrow,
    Disc,
    Csf,
    Cord,
    Cartilage,
    Lung,
    LungVessel,
    Diaphragm,
    Myocardium,
    HeartBlood,
    Aorta,
    VenaCava,
    PortalVein,
    SmallVessel,
    Liver,
    LiverVessel,
    Gallbladder,
    CortexLeft,
    MedullaLeft,
    CortexRight,
    MedullaRight,
    RenalPelvis,
    Adrenal,
    Spleen,
    Pancreas,
    StomachWall,
    StomachFluid,
    StomachGas,
    BowelWall,
    BowelFluid,
    BowelGas,
    Stool,
    Bladder,
    BladderWall,
}

/// Appearance and label of a tissue.
pub(crate) struct Appearance {
    /// Mean, HU.
    pub(crate) mean_hu: f32,
    /// Standard deviation of the fine texture (grains of 3 mm), HU.
    pub(crate) fine_hu: f32,
    /// Standard deviation of the coarse texture (grains of 15 mm), HU.
    pub(crate) coarse_hu: f32,
    /// Standard deviation of the mean between patients, HU.
    pub(crate) patient_hu: f32,
    /// Label number, 0 = none.
    pub(crate) label: u16,
}

const fn tissue(mean_hu: f32, fine_hu: f32, coarse_hu: f32, patient_hu: f32, label: u16) -> Appearance {
    Appearance { mean_hu, fine_hu, coarse_hu, patient_hu, label }
}

/// Every tissue's appearance, in the order of [`Tissue`].
pub(crate) const TISSUES: [Appearance; 42] = [
    tissue(-1000.0, 0.0, 0.0, 0.0, 0),    // Air
    tissue(-40.0, 0.0, 0.0, 0.0, 0),      // Couch
    tissue(25.0, 6.0, 0.0, 0.0, 0),       // Skin
    tissue(-105.0, 5.0, 5.0, 3.0, 0),     // Fat
    tissue(-98.0, 8.0, 7.0, 4.0, 0),      // VisceralFat
    tissue(-35.0, 10.0, 10.0, 0.0, 0),    // Fascia
    tissue(60.0, 6.0, 5.0, 3.0, 15),      // Muscle
    tissue(620.0, 90.0, 50.0, 40.0, 14),  // Cortical
    tissue(165.0, 32.0, 22.0, 18.0, 14),  // Marrow
    tissue(85.0, 6.0, 6.0, 4.0, 0),       // Disc
    tissue(22.0, 4.0, 0.0, 2.0, 0),       // Csf
    tissue(42.0, 3.0, 0.0, 2.0, 0),       // Cord
    tissue(110.0, 15.0, 15.0, 5.0, 0),    // Cartilage
    tissue(-840.0, 22.0, 18.0, 15.0, 12), // Lung
    tissue(-150.0, 60.0, 0.0, 0.0, 12),   // LungVessel
    tissue(58.0, 5.0, 0.0, 3.0, 15),      // Diaphragm
    tissue(108.0, 5.0, 4.0, 4.0, 13),     // Myocardium
    tissue(170.0, 3.0, 4.0, 5.0, 13),     // HeartBlood
    tissue(183.0, 3.0, 2.0, 4.0, 1),      // Aorta
    tissue(178.0, 4.0, 4.0, 3.0, 9),      // VenaCava
    tissue(177.0, 3.0, 2.0, 3.0, 10),     // PortalVein
    tissue(155.0, 4.0, 0.0, 5.0, 0),      // SmallVessel
    tissue(110.0, 4.0, 2.5, 3.0, 5),      // Liver
    tissue(146.0, 3.0, 0.0, 2.0, 5),      // LiverVessel
    tissue(9.0, 2.0, 1.0, 3.0, 2),        // Gallbladder
    tissue(203.0, 5.0, 3.0, 4.0, 3),      // CortexLeft
    tissue(163.0, 5.0, 3.0, 4.0, 3),      // MedullaLeft
    tissue(203.0, 5.0, 3.0, 4.0, 4),      // CortexRight
    tissue(163.0, 5.0, 3.0, 4.0, 4),      // MedullaRight
    tissue(14.0, 3.0, 0.0, 3.0, 0),       // RenalPelvis
    tissue(75.0, 4.0, 0.0, 4.0, 0),       // Adrenal
    tissue(121.0, 4.0, 2.5, 3.0, 7),      // Spleen
    tissue(98.0, 9.0, 6.0, 4.0, 6),       // Pancreas
    tissue(92.0, 8.0, 6.0, 4.0, 8),       // StomachWall
    tissue(18.0, 8.0, 12.0, 4.0, 8),      // StomachFluid
    tissue(-970.0, 0.0, 0.0, 0.0, 8),     // StomachGas
    tissue(96.0, 10.0, 6.0, 4.0, 11),     // BowelWall
    tissue(28.0, 10.0, 12.0, 4.0, 11),    // BowelFluid
    tissue(-960.0, 0.0, 0.0, 0.0, 11),    // BowelGas
    tissue(30.0, 40.0, 25.0, 5.0, 11),    // Stool
    tissue(8.0, 2.0, 1.0, 2.0, 16),       // Bladder
    tissue(55.0, 4.0, 0.0, 3.0, 16),      // BladderWall
];

/// Label numbers and names: 1 to 8 as in the BTCV challenge's eight-organ form, then this phantom's own.
///
/// Kidneys are the parenchyma (cortex and medulla; fat, vessels and pelvis of the hilum excluded), the liver
/// includes its vessels, stomach and bowel include wall and content: as BTCV draws them.
pub const LABEL_NAMES: [(u16, &str); 16] = [
    (1, "aorta"),
    (2, "gallbladder"),
    (3, "left kidney"),
    (4, "right kidney"),
    (5, "liver"),
    (6, "pancreas"),
    (7, "spleen"),
    (8, "stomach"),
    (9, "inferior vena cava"),
    (10, "portal and splenic vein"),
    (11, "bowel"),
    (12, "lung"),
    (13, "heart"),
    (14, "bone"),
    (15, "muscle"),
    (16, "urinary bladder"),
];
