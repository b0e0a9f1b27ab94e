//! The combinations that the jobs of a playbook run for.
//!
//! Plans nothing: what a step or the environment would have to say is known when the playbook runs.

use std::path::Path;

use serde_json::Value;

use super::{Engine, EngineError};
use crate::{
    diag::Diagnostic,
    model::{
        playbook::{Job, Matrix, Strategy},
        query::{playbook_reading, text},
    },
    plan::{Combination, Combinations, MatrixFault, combinations, matrix_of},
};

/// The matrix of a job, or of the command line, multiplied out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobMatrix {
    /// The job or stage; nothing for the command line's, which holds for all.
    pub job: Option<String>,
    /// Its combinations; none if they are known when it runs.
    pub combinations: Vec<Combination>,
    /// The expression that gives them when it runs.
    pub deferred: Option<String>,
}

impl Engine {
    /// Multiplies out the matrix of each job of a playbook that has one, behind that of the command line; a path is
    /// seen from `folder`.
    ///
    /// # Errors
    /// If there is no such playbook, it has errors, or a matrix gives no combinations or too many.
    pub fn expand_matrices(
        &self,
        playbook: Option<&str>,
        folder: &Path,
        given: &[(String, Vec<Value>)],
    ) -> Result<Vec<JobMatrix>, EngineError> {
        let mut found = Vec::new();
        let mut diagnostics: Vec<Diagnostic> = Vec::new();
        if !given.is_empty() {
            match expanded(None, &matrix_of(given), "") {
                Ok(one) => found.push(one),
                Err(faults) => diagnostics.extend(faults.iter().map(MatrixFault::diagnostic)),
            }
        }
        if let Some(word) = playbook {
            let file = self.playbook_file(word, folder)?;
            let (source, reading) = (&text(&self.db, file).source, playbook_reading(&self.db, file));
            let place = |at: &str| reading.tree.as_ref().map(|tree| tree.at(at)).unwrap_or_default();
            for (job, strategy) in self.sound_playbook(file)?.body.jobs().iter().filter_map(with_matrix) {
                match expanded(Some(&job.id), &strategy.matrix, &strategy.at) {
                    Ok(one) => found.push(one),
                    Err(faults) => diagnostics.extend(faults.iter().map(|fault| fault.told(source, place))),
                }
            }
        }
        if diagnostics.is_empty() { Ok(found) } else { Err(EngineError { diagnostics, is_strict: false }) }
    }
}

fn with_matrix(job: &Job) -> Option<(&Job, &Strategy)> {
    job.strategy.as_ref().map(|strategy| (job, strategy))
}

fn expanded(job: Option<&str>, matrix: &Matrix, at: &str) -> Result<JobMatrix, Vec<MatrixFault>> {
    let (combinations, deferred) = match combinations(matrix, at, &mut |_| None)? {
        Combinations::Known(found) => (found, None),
        Combinations::Deferred(expression) => (Vec::new(), Some(expression.value)),
    };
    Ok(JobMatrix { job: job.map(str::to_owned), combinations, deferred })
}
