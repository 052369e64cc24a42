//! NRRD, MetaImage and label description files.

mod cli;
mod damaged;
mod labels;
mod other_writers;
mod written;
