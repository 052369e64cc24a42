//! Which series is meant.

use super::error::DicomProblem;
use super::scan::{self, Found};
use super::series::{Series, SeriesInfo, group};
use super::slice::slices_of;
use std::path::Path;

/// The series of a folder or beside a file, and what could not be read there.
pub(super) struct Listed {
    pub series: Vec<Series>,
    /// Warnings about files that were left out.
    pub warnings: Vec<String>,
}

/// Lists the series in a folder, or beside a file.
pub(super) fn list(path: &Path) -> Result<Listed, DicomProblem> {
    let found = if path.is_dir() {
        scan::folder(path)?
    } else {
        // What is wrong with the file itself must not be lost among its neighbours.
        if slices_of(path)?.is_empty() {
            return Err(DicomProblem::Missing { what: "image (Rows, Columns and PixelData)" });
        }
        scan::beside(path)?
    };
    let Found { slices, mut broken, files } = found;
    let file_of = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().replace(char::is_control, " ");
    if slices.is_empty() {
        if broken.is_empty() {
            return Err(DicomProblem::NothingHere { files });
        }
        let (path, problem) = broken.swap_remove(0);
        return Err(DicomProblem::NoneUsable { file: file_of(&path), problem: Box::new(problem) });
    }
    let warnings = broken.first().map(|(path, problem)| {
        format!("{} DICOM file(s) beside it were left out; the first, {}, {problem}", broken.len(), file_of(path))
    });
    let mut series = group(slices);
    let place = |s: &Series| (s.about.localizer, s.about.modality != "CT");
    series.sort_by_key(place);
    Ok(Listed { series, warnings: warnings.into_iter().collect() })
}

impl Listed {
    /// The series in words and numbers.
    pub fn infos(&self) -> Vec<SeriesInfo> {
        self.series.iter().zip(1..).map(|(series, number)| series.info(number)).collect()
    }

    fn in_words(&self, which: &[usize]) -> String {
        let infos = self.infos();
        which.iter().map(|&i| infos[i].describe()).collect::<Vec<_>>().join("; ")
    }

    /// The series asked for (number in the list, or UID); else the one that `path` is a file of; else the only CT.
    pub fn choose(mut self, path: &Path, asked: Option<&str>) -> Result<Series, DicomProblem> {
        let all: Vec<usize> = (0..self.series.len()).collect();
        let candidates: Vec<usize> = match asked {
            Some(asked) => {
                let number = asked.parse::<usize>().ok().filter(|&n| n >= 1 && n <= all.len());
                let of_uid = || all.iter().copied().filter(|&i| self.series[i].about.series == asked).collect();
                number.map_or_else(of_uid, |n| vec![n - 1])
            }
            None if path.is_dir() => {
                let usable = |&i: &usize| {
                    let about = &self.series[i].about;
                    about.modality == "CT" && !about.localizer
                };
                let several: Vec<usize> = all.iter().copied().filter(usable).collect();
                // A single slice beside a volume is hardly what is meant.
                let volumes: Vec<usize> =
                    several.iter().copied().filter(|&i| self.series[i].slices.len() > 1).collect();
                if volumes.len() == 1 { volumes } else { several }
            }
            None => {
                let name = path.file_name();
                let holds = |&i: &usize| self.series[i].slices.iter().any(|s| s.path.file_name() == name);
                all.iter().copied().filter(holds).collect()
            }
        };
        match (candidates[..].first(), candidates.len()) {
            (Some(&only), 1) => Ok(self.series.swap_remove(only)),
            (None, _) => Err(match asked {
                Some(asked) => DicomProblem::NoSuchSeries { asked: asked.to_owned(), list: self.in_words(&all) },
                None => DicomProblem::NoCt { list: self.in_words(&all) },
            }),
            (_, series) => Err(DicomProblem::Several { series, list: self.in_words(&candidates) }),
        }
    }
}
