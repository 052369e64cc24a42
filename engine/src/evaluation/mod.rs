//! Networks on a whole validation set: every metric per patient, pooled over all, with intervals over patients.
//!
//! Two protocols side by side. The product's: whole volumes, where a false organ in the pelvis counts. The NODE
//! paper's: only the slices that contain the organ. Anatomy has its say before either, unless told not to. Pooled IoU and Dice count voxels over the whole set, as the
//! PASCAL-VOC challenge does; their 95 % intervals are bootstrapped over patients.

mod case;
mod level_set;
mod report;
mod summary;

pub use case::{CaseScore, Contender, EvaluationError, Patient};
pub use level_set::{LevelSetRun, evolve_by_region};
pub use report::{table_one, write_csv};
pub use summary::{Estimate, Summary, summarize};
