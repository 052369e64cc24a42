//! Commands that have gathered while the thread was at work.

use crate::session::evolution::EvolverCommand;

/// Of several seeks, weights or rules in a row only the last counts.
pub(super) fn coalesced(commands: Vec<EvolverCommand>) -> Vec<EvolverCommand> {
    let mut kept: Vec<EvolverCommand> = Vec::with_capacity(commands.len());
    for command in commands {
        let same = kept.last().is_some_and(|last| {
            std::mem::discriminant(last) == std::mem::discriminant(&command)
                && matches!(
                    command,
                    EvolverCommand::Seek(_) | EvolverCommand::SetParams(_) | EvolverCommand::SetStop(_)
                )
        });
        if same {
            kept.pop();
        }
        kept.push(command);
    }
    kept
}
